// The recorded exchanges that this suite replays: which folders, how one is read, which provider stands for it.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import { type Step, recordedReply } from '../../src/testing/index.ts'

export type WireName = 'chat' | 'messages'

export interface RecordedCase {
  /** `openai/chat-completions/vercel-ai--text`. */
  name: string
  /** Row of the table: `openai/chat-completions`. */
  row: string
  wire: WireName
  /** Provider record that serves it. */
  provider: string
  status: number
  /** The answer was an event stream. */
  streamed: boolean
  bytes: Buffer
  reply: Step
  /** The recorded request body, where one was kept. */
  request: JsonObject | undefined
}

/** Folder of the recordings, its provider record and dialect. A folder that is absent is left out. */
const FOLDERS: readonly { row: string; wire: WireName; provider: string }[] = [
  { row: 'openai/chat-completions', wire: 'chat', provider: 'openai' },
  { row: 'azure/chat-completions', wire: 'chat', provider: 'azure' },
  { row: 'groq/chat-completions', wire: 'chat', provider: 'groq' },
  { row: 'openrouter/chat-completions', wire: 'chat', provider: 'openrouter' },
  { row: 'deepseek/chat-completions', wire: 'chat', provider: 'deepseek' },
  { row: 'llamacpp/chat-completions', wire: 'chat', provider: 'llamacpp' },
  { row: 'local-openai-compatible/chat-completions', wire: 'chat', provider: 'openai-compatible' },
  { row: 'anthropic/messages', wire: 'messages', provider: 'anthropic' },
]

export const recordedRoot =
  process.env.RECORDED_FIXTURES ?? join(import.meta.dirname, '../../../shared/fixtures/recorded')

export const recordingsPresent = existsSync(recordedRoot)

export function loadCases(): RecordedCase[] {
  return FOLDERS.flatMap(({ row, wire, provider }) => {
    const folder = join(recordedRoot, row)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .toSorted()
      .filter((name) => existsSync(join(folder, name, 'meta.json')))
      .flatMap((name) => {
        const dir = join(folder, name)
        const meta: unknown = JSON.parse(readFileSync(join(dir, 'meta.json'), 'utf8'))
        // Some exchanges were kept without their answer.
        if (!isObject(meta) || !isObject(meta.response) || typeof meta.response.file !== 'string') return []
        const reply = recordedReply(dir)
        const bytes = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from('')
        const type = reply.headers?.['content-type'] ?? ''
        return [
          {
            name: `${row}/${name}`,
            row,
            wire,
            provider,
            status: reply.status ?? 200,
            streamed: type.includes('event-stream'),
            bytes,
            reply,
            request: requestOf(dir),
          },
        ]
      })
  })
}

function requestOf(dir: string): JsonObject | undefined {
  const file = join(dir, 'request.json')
  if (!existsSync(file)) return undefined
  const request: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isObject(request) || !isObject(request.body)) return undefined
  return Array.isArray(request.body.messages) && request.body.messages.length > 0 ? request.body : undefined
}
