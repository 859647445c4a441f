// Walks every scenario through every pair of dialects, by the codecs alone: what the caller says in its dialect, decoded,
// said to the upstream in its own, and read back. A cell is `kept`, or says what a note or a refusal says is lost; a loss
// that nobody mentions is a fault. docs/reference/matrix.md is made of it.

import { collect, replay } from '../../src/core/collect.ts'
import type { AnswerContext, GenerationDialect } from '../../src/core/dialect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { checkGrammar } from '../../src/core/grammar.ts'
import type { Json, JsonObject } from '../../src/core/json.ts'
import type { Note } from '../../src/core/note.ts'
import type { Part } from '../../src/core/part.ts'
import type { GenerationRequest } from '../../src/core/request.ts'
import type { FinishReason, GenerationResponse } from '../../src/core/response.ts'
import { dialects } from '../../src/dialects/index.ts'
import { frameReader } from '../../src/wire/frames.ts'
import { violations } from '../published/answers.ts'
import { canonical } from '../recorded/facts.ts'
import { ANSWERS, type AskedFor, REQUESTS } from './scenarios.ts'

/** Dialects that callers speak. Bedrock's and Cohere's are spoken by upstreams alone. */
export const CALLERS = [...dialects.values()].filter(({ id }) => id !== 'bedrock-converse' && id !== 'cohere')
export const UPSTREAMS = [...dialects.values()].filter(
  ({ id }) => id !== 'openai-completions' && id !== 'ollama-generate',
)

export type Cell =
  | { verdict: 'kept' }
  /** Lost or changed, and said so. */
  | { verdict: 'noted'; why: string }
  | { verdict: 'refused'; why: string }
  /** The caller's own dialect has no word for it. */
  | { verdict: 'unsayable' }
  /** Lost without a word: a fault. */
  | { verdict: 'silent'; lost: string[] }

const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }
const TARGET = { model: 'm', quirks: { reasoningField: 'reasoning_content' as const }, facts: {} }

/** A request of scenario `asked`, from a caller of `from` to an upstream of `to`. */
export function requestCell(asked: AskedFor, from: GenerationDialect, to: GenerationDialect): Cell {
  // Of another dialect than the one it is put in: its own would look for the spelling it came in.
  const dialect = from.id === 'cohere' ? 'ollama' : 'cohere'
  const meant: GenerationRequest = { dialect, model: 'm', stream: false, ...asked }
  let heard: GenerationRequest
  try {
    heard = decodeRequest(from, from.request.encode(meant, TARGET).body)
  } catch (thrown) {
    if (thrown instanceof GatewayError) return { verdict: 'unsayable' }
    throw thrown
  }
  if (missing(requestFacts(meant), requestFacts(heard)).length > 0) return { verdict: 'unsayable' }
  try {
    const sent = to.request.encode(heard, TARGET)
    const lost = missing(requestFacts(heard), requestFacts(decodeRequest(to, sent.body)))
    return verdict(lost, sent.notes)
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.kind === 'invalid_request')
      return { verdict: 'refused', why: thrown.message }
    throw thrown
  }
}

/** An answer of scenario `given`, from an upstream of `from` to a caller of `to`, whole and streamed. */
export function answerCell(given: GenerationResponse, from: GenerationDialect, to: GenerationDialect): Cell {
  const heard = heardFrom(given, from)
  if (!heard || missing(answerFacts(given), answerFacts(heard)).length > 0) return { verdict: 'unsayable' }
  const told = to.response.encode(heard, CONTEXT)
  const whole = answerFacts(to.response.decode(told.body, {}))
  const streamed = answerFacts(throughStream(heard, to))
  // A stream has no place for notes: it may lose what the whole answer loses, and nothing else.
  const lost = [
    ...missing(answerFacts(heard), whole),
    ...missing(whole, streamed).map((line) => `streamed: ${line}`),
  ]
  return verdict(lost, told.notes)
}

/** As an upstream of `from` sends it; undefined where its wire has no form for it. */
function heardFrom(given: GenerationResponse, from: GenerationDialect): GenerationResponse | undefined {
  try {
    return from.response.decode(from.response.encode(structuredClone(given), CONTEXT).body, {})
  } catch (thrown) {
    if (thrown instanceof GatewayError) return undefined
    throw thrown
  }
}

/** What breaks the published schemas in an answer of `from` as a caller of `to` gets it, whole and streamed. */
export function answerViolations(
  given: GenerationResponse,
  from: GenerationDialect,
  to: GenerationDialect,
): string[] {
  const heard = heardFrom(given, from)
  if (!heard) return []
  const whole = JSON.stringify(to.response.encode(heard, CONTEXT).body)
  return [...violations(to.id, false, whole), ...violations(to.id, true, streamOf(heard, to))]
}

/** The same for a failure, of the call and within a stream. */
export function failureViolations(error: GatewayError, to: GenerationDialect): string[] {
  const whole = JSON.stringify(to.error.encode(error, CONTEXT.id).body)
  const pieces: string[] = []
  const encoder = to.stream.encoder(CONTEXT, (piece) => pieces.push(piece))
  encoder.event({ type: 'failure', error })
  pieces.push(to.stream.failure(error, CONTEXT.id))
  return [...violations(to.id, false, whole), ...violations(to.id, true, pieces.join(''))]
}

function streamOf(response: GenerationResponse, dialect: GenerationDialect): string {
  const pieces: string[] = []
  const encoder = dialect.stream.encoder(CONTEXT, (piece) => pieces.push(piece))
  replay(response, (event) => encoder.event(event))
  return pieces.join('')
}

function verdict(lost: string[], notes: readonly Note[]): Cell {
  if (lost.length === 0) return { verdict: 'kept' }
  if (notes.length === 0) return { verdict: 'silent', lost }
  return { verdict: 'noted', why: [...new Set(notes.map((note) => note.why))].join('; ') }
}

function decodeRequest(dialect: GenerationDialect, body: JsonObject): GenerationRequest {
  return dialect.request.decode(
    dialect.addressing === 'path' ? { ...body, model: 'm', stream: false } : structuredClone(body),
  )
}

/** Encoded as a stream of `dialect` and decoded again, its events checked on the way. */
function throughStream(response: GenerationResponse, dialect: GenerationDialect): GenerationResponse {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  const reader = frameReader(dialect.framing, { frame: (frame) => decoder.frame(frame) })
  reader.push(Buffer.from(streamOf(response, dialect)))
  reader.end()
  decoder.end()
  const broken = checkGrammar(events)
  if (broken !== undefined) throw new Error(`${dialect.id}: ${broken}`)
  return collect(events)
}

/** Lines of `before` that `after` has not; each line counts once. */
function missing(before: readonly string[], after: readonly string[]): string[] {
  const rest = [...after]
  return before.filter((line) => {
    const at = rest.indexOf(line)
    if (at < 0) return true
    rest.splice(at, 1)
    return false
  })
}

function requestFacts(request: GenerationRequest): string[] {
  const facts: string[] = []
  for (const message of request.messages) {
    const role = message.role === 'system' || message.role === 'developer' ? 'instruction' : message.role
    for (const part of message.parts) facts.push(...partFacts(part, role))
  }
  for (const tool of request.tools ?? [])
    if (tool.type === 'function')
      facts.push(`tool ${tool.name} ${tool.description ?? ''} ${canonical(schemaFact(tool.parameters))}`)
  const { toolChoice, responseFormat, reasoning } = request
  // Left out, `auto` is what it means.
  if (toolChoice && toolChoice.type !== 'auto') facts.push(`tool choice ${canonical(toolChoice)}`)
  if (responseFormat?.type === 'json') facts.push('format json')
  if (responseFormat?.type === 'json_schema') facts.push(`format schema ${canonical(responseFormat.schema)}`)
  if (typeof reasoning?.effort === 'string') facts.push(`effort ${reasoning.effort}`)
  for (const name of PARAMETERS) {
    const value = request[name]
    if (value !== undefined && value !== null) facts.push(`${name} ${canonical(value)}`)
  }
  return facts
}

const PARAMETERS = [
  'parallelToolCalls',
  'maxOutputTokens',
  'temperature',
  'topP',
  'topK',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'stop',
  'n',
  'logprobs',
  'topLogprobs',
  'user',
] as const

/** An object without properties takes no arguments, as no schema does. */
function schemaFact(schema: JsonObject | undefined): Json {
  const empty = schema === undefined || Object.keys((schema.properties ?? {}) as JsonObject).length === 0
  return empty ? null : schema
}

function partFacts(part: Part, role: string): string[] {
  switch (part.kind) {
    case 'text':
      return [
        ...(part.text === '' ? [] : [`${role} text ${part.text}`]),
        ...(part.cache ? [`${role} cache mark on ${part.text}`] : []),
      ]
    case 'refusal':
      return [`${role} refusal ${part.text}`]
    case 'reasoning':
      return [`${role} reasoning ${part.text}`]
    case 'media':
      return [`${role} ${part.media} ${canonical(sourceFact(part.source))}`]
    case 'tool_call':
      return [
        `call ${part.name} ${part.custom === true ? part.arguments : canonical(parsed(part.arguments))}`,
      ]
    case 'tool_result': {
      const text = part.content.map((inner) => (inner.kind === 'text' ? inner.text : inner.kind)).join('')
      return [`result ${text}`, ...(part.isError === true ? [`error result ${text}`] : [])]
    }
    case 'opaque':
      return [`opaque ${part.type}`]
    default:
      return part satisfies never
  }
}

function sourceFact(source: Extract<Part, { kind: 'media' }>['source']): Json {
  return source.type === 'base64'
    ? source.data
    : source.type === 'url'
      ? source.url
      : (source as unknown as Json)
}

function parsed(text: string): Json {
  return text === '' ? {} : (JSON.parse(text) as Json)
}

/** Words that differ in shade only: not every wire has all of them. */
const SHADE: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'tool_calls',
  length: 'length',
  context_full: 'length',
  content_filter: 'filter',
  refusal: 'filter',
  pause: 'stop',
  compaction: 'stop',
  unknown: 'unknown',
}

function answerFacts(response: GenerationResponse): string[] {
  const facts: string[] = []
  for (const { index, parts, finish } of response.choices) {
    for (const part of parts) facts.push(...partFacts(part, String(index)))
    facts.push(`${index} finish ${SHADE[finish.reason]}`)
  }
  const { input, output, cacheRead, reasoning } = response.usage ?? {}
  // Nothing cached and nothing thought are often left out.
  for (const [name, count] of Object.entries({ input, output, cacheRead, reasoning }))
    if (count !== undefined && count > 0) facts.push(`usage ${name} ${count}`)
  return facts
}

/** The page: per scenario, callers down and upstreams across. */
export function matrixPage(): string {
  const lines = [
    '# Matrix: what survives between which dialects',
    '',
    'Generated by `node scripts/gen-reference.ts` from the scenarios in `test/conformance/scenarios.ts`, walked through every',
    'pair of dialects by the codecs. Rows: the dialect of the caller; columns: that of the upstream. `kept`: all of it arrives.',
    'A number: lost or changed, and reported (`x-trunkline-notes`, or refused with `strict`), for the reason below. `-`: the',
    "sender's own dialect has no word for it.",
    '',
  ]
  const reasons: string[] = []
  const shown = (cell: Cell): string => {
    if (cell.verdict === 'kept') return 'kept'
    if (cell.verdict === 'unsayable') return '-'
    const why = cell.verdict === 'silent' ? `SILENT: ${cell.lost.join('; ')}` : `${cell.verdict}: ${cell.why}`
    if (!reasons.includes(why)) reasons.push(why)
    return String(reasons.indexOf(why) + 1)
  }
  const table = (
    name: string,
    cell: (caller: GenerationDialect, upstream: GenerationDialect) => Cell,
  ): void => {
    lines.push(`### ${name}`, '', `| caller | ${UPSTREAMS.map(({ id }) => id).join(' | ')} |`)
    lines.push(`|---|${UPSTREAMS.map(() => '---').join('|')}|`)
    for (const caller of CALLERS)
      lines.push(
        `| ${caller.id} | ${UPSTREAMS.map((upstream) => shown(cell(caller, upstream))).join(' | ')} |`,
      )
    lines.push('')
  }
  lines.push('## Requests', '')
  for (const [name, asked] of Object.entries(REQUESTS))
    table(name, (caller, upstream) => requestCell(asked, caller, upstream))
  lines.push('## Answers', '', 'The upstream sends, the caller receives; whole and streamed.', '')
  for (const [name, given] of Object.entries(ANSWERS))
    table(name, (caller, upstream) => answerCell(given, upstream, caller))
  lines.push(
    '## Why not',
    '',
    ...reasons.map((why, index) => `${index + 1}. ${why.replaceAll('|', '\\|')}`),
    '',
  )
  return lines.join('\n')
}
