// The recorded exchanges that this suite replays: which folders, how one is read, which provider stands for it.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import { type Step, recordedReply } from '../../src/testing/index.ts'
import { ROWS, type Row } from './rows.ts'
import { type Wire, wireOf } from './wires/index.ts'

export interface RecordedCase {
  /** `openai/chat-completions/vercel-ai--text`. */
  name: string
  row: Row
  wire: Wire
  status: number
  /** The answer was a stream. */
  streamed: boolean
  bytes: Buffer
  reply: Step
  /** The recorded request body, where one was kept. */
  request: JsonObject | undefined
  /** Path and query of the recorded request. */
  path: string | undefined
  /** The model that the recorded request named, in its body or its path. */
  model: string | undefined
  /** Where the exchange stands in the recording it was taken from. */
  source: { path: string; interaction: number } | undefined
}

export const recordedRoot =
  process.env.RECORDED_FIXTURES ?? join(import.meta.dirname, '../../../shared/fixtures/recorded')

export const recordingsPresent = existsSync(recordedRoot)

/** Every generation exchange that carries an answer. A folder that is absent is left out. */
export function loadCases(): RecordedCase[] {
  return ROWS.flatMap((row) => {
    const folder = join(recordedRoot, row.folder)
    if (!existsSync(folder)) return []
    const wire = wireOf(row.wire, row.carried)
    return readdirSync(folder)
      .toSorted()
      .filter((name) => existsSync(join(folder, name, 'meta.json')))
      .filter((name) => row.left?.match.test(name) !== true)
      .flatMap((name) => {
        const dir = join(folder, name)
        const meta: unknown = JSON.parse(readFileSync(join(dir, 'meta.json'), 'utf8'))
        // Some exchanges were kept without their answer.
        if (!isObject(meta) || !isObject(meta.response) || typeof meta.response.file !== 'string') return []
        // A response left to run in the background is looked after with GET, which must not take what another call waits for.
        const reply: Step = row.aside ? recordedReply(dir) : { ...recordedReply(dir), method: 'POST' }
        return [
          {
            name: `${row.folder}/${name}`,
            row,
            wire,
            status: reply.status ?? 200,
            streamed: STREAMS.test(reply.headers?.['content-type'] ?? ''),
            bytes: Buffer.isBuffer(reply.body) ? reply.body : Buffer.from(''),
            reply,
            path: pathOf(dir),
            request: requestOf(dir, wire),
            model: typeof meta.model === 'string' ? meta.model : undefined,
            source: sourceOf(meta.source),
          },
        ]
      })
  })
}

const STREAMS = /event-stream|ndjson|amazon\.eventstream/

function requestOf(dir: string, wire: Wire): JsonObject | undefined {
  const file = join(dir, 'request.json')
  if (!existsSync(file)) return undefined
  const request: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isObject(request) || !isObject(request.body)) return undefined
  const { content } = wire.dialect
  if (content === undefined) return request.body
  const rows = request.body[content]
  return Array.isArray(rows) && rows.length > 0 ? request.body : undefined
}

function pathOf(dir: string): string | undefined {
  const file = join(dir, 'request.json')
  if (!existsSync(file)) return undefined
  const request: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!isObject(request) || typeof request.path !== 'string') return undefined
  const query = isObject(request.query) ? Object.entries(request.query) : []
  const pairs = query.map(([name, value]): [string, string] => [name, typeof value === 'string' ? value : ''])
  return pairs.length === 0 ? request.path : `${request.path}?${new URLSearchParams(pairs).toString()}`
}

function sourceOf(source: unknown): RecordedCase['source'] {
  return isObject(source) && typeof source.path === 'string' && typeof source.interaction === 'number'
    ? { path: source.path, interaction: source.interaction }
    : undefined
}
