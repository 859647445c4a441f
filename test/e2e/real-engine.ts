// A real engine in a process of its own (tools/engine: llama.cpp with a tiny random model): native code must not take the
// test runner down with it. Not installed by default: npm ci --prefix tools/engine

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const HOME = fileURLToPath(new URL('../../tools/engine/', import.meta.url))

export const installed = existsSync(`${HOME}node_modules`)
if (!installed) console.warn('engine tests skipped: run `npm ci --prefix tools/engine` for them')

/** Serves `trunkline-tiny` under `/v1` of the URL. */
export async function startEngine(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['server.mjs'], { cwd: HOME, stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then((code) => reject(new Error(`the engine ended with code ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^engine at (\S+)$/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return {
    url,
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      await ended
    },
  }
}
