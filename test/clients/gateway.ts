// The gateway as a user runs it, over the scripted upstream. The models have the names of real ones, for the clients go by
// them.

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireName } from './upstream.ts'

export interface RunningGateway {
  url: string
  key: string
  /** The command line's main file. */
  program: string
  models: Readonly<Record<WireName, string>>
  stop(): void
}

const MODELS = {
  chat: 'deepseek-v4-pro',
  messages: 'claude-sonnet-5',
  responses: 'gpt-5.5',
  // Not the Pro: Gemini CLI asks for a newer one by itself.
  gemini: 'gemini-3-flash-preview',
} as const

const KEY = 'sk-clients'
const START_MS = 20_000

export async function startGateway(upstream: string, scratch: string): Promise<RunningGateway> {
  const folder = join(scratch, 'gateway')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'trunkline.yaml')
  const end = (wire: WireName): string => `api_key: sk-up, models: [${MODELS[wire]}], probe: off }`
  writeFileSync(
    file,
    `server: { master_key: ${KEY}, data_dir: data }
endpoints:
  chat: { provider: deepseek, dialects: [openai-chat], base_url: "${upstream}/v1", ${end('chat')}
  messages: { provider: anthropic, base_url: "${upstream}/v1", ${end('messages')}
  responses: { provider: openai, dialects: [openai-responses], base_url: "${upstream}/v1", ${end('responses')}
  gemini: { provider: google, base_url: "${upstream}/v1beta", ${end('gemini')}
`,
  )
  const program = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, [program, 'serve', '-c', file, '--port', '0'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => reject(new Error(`the gateway did not start: ${said}`)), START_MS)
    const listen = (piece: Buffer): void => {
      if (said.length < 100_000) said += piece.toString('utf8')
      const found = /startup complete/.test(said) && /http:\/\/127\.0\.0\.1:(\d+)/.exec(said)
      if (!found) return
      clearTimeout(timer)
      resolve(found[0])
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}: ${said}`)))
  })
  return { url, key: KEY, program, models: MODELS, stop: () => child.kill('SIGTERM') }
}
