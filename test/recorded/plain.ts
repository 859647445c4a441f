// Plain operations of hosts with a shape of their own: each recorded answer is played to a caller of the public shape,
// and what he gets is compared with what the recording says, read plainly.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import { type Step, recordedReply } from '../../src/testing/index.ts'
import { violations } from '../published/answers.ts'
import { recordedRoot } from './cases.ts'
import { canonical, list, parse, shown } from './facts.ts'

export interface PlainRow {
  folder: string
  provider: string
  operation: 'embeddings' | 'rerank' | 'count_tokens'
  base?: string
  model?: string
  endpoint?: JsonObject
}

export const PLAIN_ROWS: readonly PlainRow[] = [
  { folder: 'cohere/embeddings', provider: 'cohere', operation: 'embeddings' },
  { folder: 'voyage/embeddings', provider: 'voyage', operation: 'embeddings' },
  { folder: 'cohere/rerank', provider: 'cohere', operation: 'rerank' },
  { folder: 'voyage/rerank', provider: 'voyage', operation: 'rerank' },
  { folder: 'together/rerank', provider: 'together', operation: 'rerank' },
  {
    folder: 'aws-bedrock/rerank',
    provider: 'bedrock-agent',
    operation: 'rerank',
    base: '',
    endpoint: { region: 'us-east-1' },
  },
  {
    folder: 'aws-bedrock/count-tokens',
    provider: 'bedrock',
    operation: 'count_tokens',
    base: '',
    endpoint: { region: 'us-east-1' },
  },
]

export interface PlainCase {
  name: string
  row: PlainRow
  reply: Step
  bytes: Buffer
}

export function plainId(row: PlainRow): string {
  return `plain.${row.folder.replaceAll('/', '.')}`
}

export function loadPlainCases(): PlainCase[] {
  return PLAIN_ROWS.flatMap((row) => {
    const folder = join(recordedRoot, row.folder)
    if (!existsSync(folder)) return []
    return readdirSync(folder)
      .toSorted()
      .filter((name) => existsSync(join(folder, name, 'meta.json')))
      .flatMap((name) => {
        const meta: unknown = JSON.parse(readFileSync(join(folder, name, 'meta.json'), 'utf8'))
        if (!isObject(meta) || !isObject(meta.response) || typeof meta.response.file !== 'string') return []
        const reply = recordedReply(join(folder, name))
        const bytes = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from('')
        return [{ name: `${row.folder}/${name}`, row, reply, bytes }]
      })
  })
}

/** What the caller asks, so that the answer fits: as many texts as vectors, documents enough for every index. */
export function plainAsk({ row, bytes }: PlainCase): { path: string; body: JsonObject } {
  const wire = parse(bytes.toString('utf8'))
  const model = `${plainId(row)}/m`
  const texts = (count: number): string[] =>
    Array.from({ length: Math.max(1, count) }, (_, index) => `text ${index}`)
  if (row.operation === 'embeddings')
    return { path: '/v1/embeddings', body: { model, input: texts(vectorsIn(wire).length) } }
  if (row.operation === 'count_tokens')
    return { path: '/v1/messages/count_tokens', body: { model, messages: [{ role: 'user', content: 'hi' }] } }
  return { path: '/v1/rerank', body: { model, query: 'q', documents: texts(10), return_documents: true } }
}

function vectorsIn(wire: unknown): Json[] {
  if (!isObject(wire)) return []
  if (Array.isArray(wire.data)) return list(wire.data).map((row) => row.embedding ?? null)
  const { embeddings } = wire
  const rows = isObject(embeddings) ? embeddings.float : embeddings
  return Array.isArray(rows) ? rows : []
}

/** Where the caller's answer differs from the recording; empty when it holds the same. */
export function plainProblems({ row, reply, bytes }: PlainCase, status: number, answer: unknown): string[] {
  const wire = parse(bytes.toString('utf8'))
  const got = isObject(answer) ? answer : {}
  const problems: string[] = []
  const check = (what: string, a: unknown, b: unknown): void => {
    if (canonical(a) !== canonical(b)) problems.push(`${what}: ${shown(a)} instead of ${shown(b)}`)
  }
  const recorded = reply.status ?? 200
  if (row.operation === 'count_tokens') {
    // A model that cannot count is estimated; the caller never sees the refusal.
    check('status', status, 200)
    if (recorded === 200 && isObject(wire)) check('tokens', got.input_tokens, wire.inputTokens)
    else if (typeof got.input_tokens !== 'number' || got.input_tokens < 1)
      problems.push(`no estimate: ${shown(got)}`)
    return problems
  }
  check('status', status, recorded)
  if (recorded >= 400) {
    const said = isObject(wire) ? (wire.message ?? wire.detail) : undefined
    const told = isObject(got.error) ? got.error.message : undefined
    check('message', told, said)
    return problems
  }
  if (row.operation === 'embeddings') {
    const rows = list(got.data)
    check(
      'vectors',
      rows.map((one) => one.embedding),
      vectorsIn(wire).map(numbers),
    )
    check(
      'indexes',
      rows.map((one) => one.index),
      rows.map((_, index) => index),
    )
    const tokens = isObject(got.usage) ? got.usage.total_tokens : undefined
    check('tokens', tokens, tokensIn(wire))
    problems.push(...violations('openai-embeddings', false, JSON.stringify(got)))
    return problems
  }
  const rows = isObject(wire) ? list(wire.results ?? wire.data) : []
  check(
    'ranking',
    list(got.results).map((one) => [one.index, one.relevance_score]),
    rows.map((one) => [one.index, one.relevance_score ?? one.relevanceScore]),
  )
  check(
    'documents',
    list(got.results).map((one) => (isObject(one.document) ? one.document.text : undefined)),
    rows.map((one) => `text ${shown(one.index)}`),
  )
  return problems
}

/** A recorded vector in base64, as a caller who did not ask for it gets it. */
function numbers(vector: Json): Json {
  return typeof vector === 'string'
    ? [...new Float32Array(new Uint8Array(Buffer.from(vector, 'base64')).buffer)]
    : vector
}

function tokensIn(wire: unknown): unknown {
  if (!isObject(wire)) return undefined
  if (isObject(wire.usage)) return wire.usage.total_tokens
  const meta = isObject(wire.meta) ? wire.meta : {}
  return isObject(meta.billed_units) ? meta.billed_units.input_tokens : undefined
}
