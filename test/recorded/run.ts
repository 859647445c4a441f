// Every check of one recorded case: relayed byte for byte and metered, translated to every dialect that callers speak
// and judged, its request taken apart and put together, its stream cut everywhere.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { Agent, request } from 'undici'
import { loadConfig } from '../../src/config/load.ts'
import { collect, replay } from '../../src/core/collect.ts'
import type { AnswerContext, Encoded, GenerationDialect, Quirks } from '../../src/core/dialect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { checkGrammar } from '../../src/core/grammar.ts'
import { type Json, type JsonObject, asString, isObject } from '../../src/core/json.ts'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import { provider } from '../../src/providers/index.ts'
import { quirksOf } from '../../src/providers/provider.ts'
import { startServer } from '../../src/server/index.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { frameReader } from '../../src/wire/frames.ts'
import { violations } from '../published/answers.ts'
import { asideChecks } from './aside.ts'
import type { RecordedCase } from './cases.ts'
import { type Facts, canonical, differences, shown } from './facts.ts'
import { PLAIN_ROWS, type PlainCase, plainAsk, plainId, plainProblems } from './plain.ts'
import { type Turn, speakersFor, turnProblems } from './conversations.ts'
import { unreported } from './request-oracle.ts'
import { ROWS, endpointId } from './rows.ts'
import { type Wire, faces, wires } from './wires/index.ts'

/** `to <dialect>` is the translation for a caller of that dialect. */
export type CheckName =
  | 'plain'
  | 'relay'
  | 'meter'
  | 'error'
  | 'request'
  | 'cuts'
  | `to ${string}`
  | `turn of ${string}`

export interface CheckResult {
  check: CheckName
  /** Empty: passed. */
  problems: string[]
}

const CONTEXT: AnswerContext = { model: 'm', id: 'req_test', created: 1_700_000_000, includeUsage: true }

export interface Bench {
  check(recorded: RecordedCase): Promise<CheckResult[]>
  /** A plain operation of a host with a shape of its own. */
  plain(recorded: PlainCase): Promise<CheckResult>
  /** One turn of a conversation, for a caller of every other dialect. */
  checkTurn(turn: Turn): Promise<CheckResult[]>
  close(): Promise<void>
}

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  bytes: Buffer
  /** The call's log line. */
  line: Promise<JsonObject>
}

/** A real gateway on loopback before a fake upstream that plays the recordings. */
export async function startBench(cuts: 'all' | 'some'): Promise<Bench> {
  const fake = await startFake({ kind: 'openai', models: ['m'] })
  const lines = logLines()
  const text = JSON.stringify({
    endpoints: Object.fromEntries(
      [...ROWS, ...PLAIN_ROWS].map((row) => [
        'wire' in row ? endpointId(row) : plainId(row),
        {
          provider: row.provider,
          base_url: `${fake.url}${row.base ?? '/v1'}`,
          api_key: 'k',
          models: ['m'],
          probe: 'off',
          ...row.endpoint,
        },
      ]),
    ),
  })
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-recorded-'))
  writeFileSync(join(folder, 'trunkline.yaml'), text)
  const config = loadConfig({ cwd: folder, env: {} })
  const gateway = createGateway(config, { log: lines.log, probe: false })
  const server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  const agent = new Agent({ connections: 4 })

  const get = async (path: string): Promise<{ status: number; bytes: Buffer }> => {
    const reply = await request(`${server.url}${path}`, { dispatcher: agent })
    return { status: reply.statusCode, bytes: Buffer.from(await reply.body.arrayBuffer()) }
  }

  const ask: Ask = async (path, body) => {
    const reply = await request(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher: agent,
    })
    const bytes = Buffer.from(await reply.body.arrayBuffer())
    // A look at what goes on in the background would take the next case's script.
    gateway.runtime.background.close()
    return {
      status: reply.statusCode,
      headers: reply.headers,
      bytes,
      line: lines.of(String(reply.headers['x-request-id'])),
    }
  }

  return {
    async plain(recorded) {
      fake.script(recorded.reply)
      const { path, body } = plainAsk(recorded)
      const answer = await ask(path, body)
      return { check: 'plain', problems: plainProblems(recorded, answer.status, parsed(answer.bytes)) }
    },
    async check(recorded) {
      const results: CheckResult[] = []
      const add = async (check: CheckName, run: () => Promise<string[]> | string[]): Promise<void> => {
        let problems: string[]
        try {
          problems = await run()
        } catch (thrown) {
          problems = [
            `threw ${thrown instanceof Error ? (thrown.stack ?? thrown.message).slice(0, 400) : String(thrown)}`,
          ]
        }
        results.push({ check, problems })
      }
      if (recorded.row.aside) {
        await add('relay', () => asideChecks(recorded, fake, ask, get))
        return results
      }
      const facts = recorded.wire.read(recorded.streamed, recorded.bytes, recorded.row.hints)
      if (recorded.status >= 400) await add('error', () => errorChecks(recorded, fake, ask))
      else {
        if (recorded.wire.face) {
          await add('relay', () => relayChecks(recorded, facts, fake, ask))
          await add('meter', () => meterChecks(recorded, facts, fake, ask))
        }
        const events = eventsOf(recorded)
        for (const target of faces)
          await add(`to ${target.dialect.id}`, () =>
            translateChecks(recorded, events, facts, target, fake, ask),
          )
        if (recorded.streamed) await add('cuts', () => cutChecks(recorded, cuts))
      }
      const { request: asked, wire } = recorded
      if (asked && wire.relayedOnly?.(asked) !== true) await add('request', () => requestChecks(recorded))
      return results
    },
    async checkTurn(turn) {
      const results: CheckResult[] = []
      for (const caller of speakersFor(turn)) {
        let problems: string[]
        try {
          problems = await turnProblems(turn, caller, {
            async ask(wire, body, streamed, recorded) {
              fake.unscript()
              fake.script(recorded.reply)
              const { face } = wire
              if (!face) throw new Error(`nobody calls in ${wire.dialect.id}`)
              const model = `${endpointId(recorded.row)}/m`
              const answer = await ask(face.path(model, streamed), face.body(body, model, streamed))
              if (answer.status !== 200)
                throw new Error(`status ${answer.status}: ${answer.bytes.toString('utf8', 0, 300)}`)
              return answer.bytes
            },
            upstreamBody: () => fake.log.findLast(({ method }) => method === 'POST')?.text ?? '',
          })
        } catch (thrown) {
          problems = [
            `threw ${thrown instanceof Error ? (thrown.stack ?? thrown.message).slice(0, 500) : String(thrown)}`,
          ]
        }
        results.push({ check: `turn of ${caller.dialect.id}`, problems })
      }
      return results
    },
    async close() {
      await agent.close()
      await server.close()
      await gateway.close()
      await fake.close()
      rmSync(folder, { recursive: true })
    },
  }
}

type Ask = (path: string, body: object) => Promise<Answer>

interface Wanted {
  path: string
  body: JsonObject
}

/** The recorded request pointed at the test endpoint, or a plain one; it asks for what the recording answers. */
function requestFor(recorded: RecordedCase, wire: Wire, streamed: boolean): Wanted {
  const { face } = wire
  if (!face) throw new Error(`nobody calls in ${wire.dialect.id}`)
  const model = `${endpointId(recorded.row)}/m`
  return {
    path: face.path(model, streamed),
    body: face.body(wire === recorded.wire ? recorded.request : undefined, model, streamed),
  }
}

async function relayChecks(recorded: RecordedCase, facts: Facts, fake: Fake, ask: Ask): Promise<string[]> {
  fake.script(recorded.reply)
  const { path, body } = requestFor(recorded, recorded.wire, recorded.streamed)
  const answer = await ask(path, body)
  if (answer.status !== recorded.status)
    return [`status ${answer.status} instead of ${recorded.status}: ${answer.bytes.toString('utf8', 0, 200)}`]
  // Of some hosts the answer is read and written anew in the dialect that they deviate from.
  const { wire, streamed } = recorded
  if ((await answer.line).path === 'translate')
    return answerProblems('anew', wire, streamed, answer.bytes, wire.holds(facts, wire.dialect.id))
  const told = withoutLateError(recorded)
  return answer.bytes.equals(told) ? [] : [`bytes differ ${firstDifference(answer.bytes, told)}`]
}

/** An error that a Chat stream tells after its finish word is recorded, and not passed on (OpenRouter). */
function withoutLateError({ bytes, wire, streamed }: RecordedCase): Buffer {
  if (!streamed || wire.dialect.id !== 'openai-chat') return bytes
  let finished = false
  const kept = bytes
    .toString('utf8')
    .split(/(?<=\n\n)/)
    .filter((event) => {
      const data = parsed(Buffer.from(event.replace(/^data: /, '')))
      if (!isObject(data)) return true
      const late = finished && isObject(data.error)
      finished ||= /"finish_reason":\s*"/.test(event)
      return !late
    })
  return Buffer.from(kept.join(''))
}

async function meterChecks(recorded: RecordedCase, facts: Facts, fake: Fake, ask: Ask): Promise<string[]> {
  fake.script(recorded.reply)
  const { path, body } = requestFor(recorded, recorded.wire, recorded.streamed)
  const line = await (await ask(path, body)).line
  const problems: string[] = []
  for (const key of ['input', 'output'] as const)
    if (line[key] !== facts.usage?.[key])
      problems.push(`metered ${key} ${shown(line[key])}, recorded ${shown(facts.usage?.[key])}`)
  return problems
}

/** The recorded answer as canonical events. */
function eventsOf(recorded: RecordedCase): StreamEvent[] {
  const { dialect } = recorded.wire
  const record = provider(recorded.row.provider)
  const quirks = record?.speaks[0]?.dialect === dialect.id ? quirksOf(record, record.speaks[0]) : {}
  return recorded.streamed
    ? decodeStream(dialect, framesOf(dialect, [recorded.bytes]), quirks)
    : replayed(dialect, recorded.bytes, quirks)
}

async function translateChecks(
  recorded: RecordedCase,
  events: readonly StreamEvent[],
  facts: Facts,
  target: Wire,
  fake: Fake,
  ask: Ask,
): Promise<string[]> {
  const problems: string[] = []
  const want = target.holds(facts, recorded.wire.dialect.id)
  const broken = checkGrammar(events)
  if (broken !== undefined) problems.push(`grammar: ${broken}`)

  // As recorded, and, from a whole answer, streamed as well. In its own dialect a call is relayed: no translation.
  if (target !== recorded.wire)
    for (const streamed of recorded.streamed ? [true] : [false, true]) {
      fake.script(recorded.reply)
      const { path, body } = requestFor(recorded, target, streamed)
      const answer = await ask(path, body)
      const how = streamed ? 'streamed' : 'whole'
      if (answer.status !== 200) {
        problems.push(`${how}: status ${answer.status} ${answer.bytes.toString('utf8', 0, 200)}`)
        continue
      }
      problems.push(...(await answerProblems(how, target, streamed, answer.bytes, want)))
      // A carrier's answer in the caller's dialect is relayed without its wrapping.
      if (target.dialect.id !== recorded.wire.dialect.id)
        problems.push(...published(how, target, streamed, answer.bytes))
    }

  // A stream collected to a whole answer.
  if (recorded.streamed && facts.error === undefined) {
    const whole = Buffer.from(JSON.stringify(target.dialect.response.encode(collect(events), CONTEXT).body))
    problems.push(...(await answerProblems('collected', target, false, whole, want)))
    // In its own dialect what its host adds is written back, which need not hold by the vendor's description.
    if (target.dialect.id !== recorded.wire.dialect.id)
      problems.push(...published('collected', target, false, whole))
  }
  return problems
}

/** What we wrote holds by the description that the dialect's vendor publishes. */
function published(how: string, { dialect }: Wire, streamed: boolean, bytes: Buffer): string[] {
  return violations(dialect.id, streamed, bytes).map((line) => `${how}: by the published schema: ${line}`)
}

async function answerProblems(
  how: string,
  wire: Wire,
  streamed: boolean,
  bytes: Buffer,
  want: Facts,
): Promise<string[]> {
  const got = wire.read(streamed, bytes)
  const problems: string[] = []
  if (want.error !== undefined) {
    if (got.error?.includes(want.error) !== true)
      problems.push(`error ${shown(got.error)} instead of ${shown(want.error)}`)
    return problems.map((line) => `${how}: ${line}`)
  }
  problems.push(...differences(got, want))
  if (got.error !== undefined) problems.push(`says an error: ${got.error}`)
  if (!got.complete) problems.push('has no terminal event')
  if (wire.face) {
    const { judge, seen } = wire.face
    const sdk = await judge(streamed, bytes)
    problems.push(
      ...differences(seen(sdk, streamed), seen(want, streamed)).map((line) => `official SDK: ${line}`),
    )
  }
  return problems.map((line) => `${how}: ${line}`)
}

async function errorChecks(recorded: RecordedCase, fake: Fake, ask: Ask): Promise<string[]> {
  const problems: string[] = []
  const wanted = recorded.wire.read(false, recorded.bytes).error
  for (const target of faces) {
    // A refusal of an optional member is answered by a second try without it, which is refused as well.
    fake.script({ ...recorded.reply }, { ...recorded.reply })
    const { path, body } = requestFor(recorded, target, false)
    const answer = await ask(path, body)
    fake.unscript()
    const how = target === recorded.wire ? 'relay' : `to ${target.dialect.id}`
    const status =
      target === recorded.wire
        ? recorded.status
        : (recorded.wire.plainStatus?.(recorded.status, recorded.bytes) ?? recorded.status)
    if (answer.status !== status) problems.push(`${how}: status ${answer.status} instead of ${status}`)
    if (target === recorded.wire) {
      if (canonical(parsed(answer.bytes)) !== canonical(parsed(recorded.bytes)))
        problems.push(
          `${how}: body ${answer.bytes.toString('utf8', 0, 200)} instead of ${recorded.bytes.toString('utf8', 0, 200)}`,
        )
      continue
    }
    const got = target.read(false, answer.bytes).error
    if (wanted !== undefined && got?.includes(wanted) !== true)
      problems.push(`${how}: message ${shown(got)} instead of ${shown(wanted)}`)
    // Within a family an error is passed on as its host put it.
    if (canonical(parsed(answer.bytes)) !== canonical(parsed(recorded.bytes)))
      problems.push(...published(how, target, false, answer.bytes))
  }
  return problems
}

/** Decode and encode in one dialect is the same JSON; through any other dialect nothing goes without a note. */
export function requestChecks({ wire, request, model, streamed }: RecordedCase): string[] {
  const own = wire.dialect
  const byPath = own.addressing === 'path'
  const name = asString(request?.model) ?? model ?? ''
  const body: JsonObject = byPath ? { ...request, model: name, stream: streamed } : { ...request }
  const target = { model: name, quirks: {}, facts: {} }
  const again = own.request.encode(own.request.decode(body), target)
  const problems: string[] = []
  // A carrier keeps the model in its path, though the dialect has it in the body.
  if (request?.model === undefined) delete again.body.model
  if (canonical(again.body) !== canonical(request))
    problems.push(
      `same dialect: ${firstDifference(Buffer.from(canonical(again.body)), Buffer.from(canonical(request)))}`,
    )
  for (const { dialect: other, asks } of wires) {
    if (other === own || !asks || !wire.asks) continue
    let there: Encoded
    try {
      // A host that takes reasoning back, as the field's reasoning hosts do.
      const quirks = { reasoningField: 'reasoning_content' as const }
      there = other.request.encode(own.request.decode(body), { ...target, quirks })
    } catch (thrown) {
      // What the other wire cannot say at all is refused, in words: that is no silent loss.
      if (thrown instanceof GatewayError && thrown.kind === 'invalid_request') continue
      throw thrown
    }
    const over: JsonObject =
      other.addressing === 'path' ? { ...there.body, model: name, stream: body.stream === true } : there.body
    let back: Encoded
    try {
      back = own.request.encode(other.request.decode(over), target)
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.kind === 'invalid_request') continue
      throw thrown
    }
    problems.push(
      ...unreported(wire.asks, request ?? {}, back.body, [...there.notes, ...back.notes]).map(
        (line) => `through ${other.id}: ${line}`,
      ),
    )
  }
  return problems
}

/** Cut in two at every byte (or 200 places of a long one): the same frames, so the same events. */
function cutChecks(recorded: RecordedCase, cuts: 'all' | 'some'): string[] {
  const { bytes } = recorded
  const { dialect } = recorded.wire
  const whole = canonical(framesOf(dialect, [bytes]))
  const every = cuts === 'all' && bytes.length <= 20 * 1024
  const places = every
    ? Array.from({ length: bytes.length }, (_, index) => index)
    : Array.from({ length: cuts === 'all' ? 200 : 20 }, (_, index) => (index * 7919 + 13) % bytes.length)
  for (const place of places) {
    const frames = framesOf(dialect, [bytes.subarray(0, place), bytes.subarray(place)])
    if (canonical(frames) !== whole) return [`cut at byte ${place}: other frames`]
  }
  // The events of a few cuts, to see the decoder fed from such frames too; and one byte at a time.
  const want = canonical(decodeStream(dialect, framesOf(dialect, [bytes])))
  const single = framesOf(
    dialect,
    Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)),
  )
  return canonical(decodeStream(dialect, single)) === want ? [] : ['byte by byte: other events']
}

function framesOf(
  dialect: GenerationDialect,
  pieces: readonly Uint8Array[],
): { event: string; data: string }[] {
  const frames: { event: string; data: string }[] = []
  const reader = frameReader(dialect.framing, { frame: ({ event, data }) => frames.push({ event, data }) })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return frames
}

function decodeStream(
  dialect: GenerationDialect,
  frames: readonly { event: string; data: string }[],
  quirks: Quirks = {},
): StreamEvent[] {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder(quirks, (event) => events.push(event))
  for (const frame of frames) decoder.frame(frame)
  decoder.end()
  return events
}

function replayed(dialect: GenerationDialect, bytes: Buffer, quirks: Quirks): StreamEvent[] {
  const events: StreamEvent[] = []
  replay(dialect.response.decode(parsed(bytes) as Json, quirks), (event) => events.push(event))
  return events
}

function parsed(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function firstDifference(a: Buffer, b: Buffer): string {
  let at = 0
  while (at < a.length && at < b.length && a[at] === b[at]) at++
  const around = (bytes: Buffer): string =>
    JSON.stringify(bytes.toString('utf8', Math.max(0, at - 40), at + 60))
  return `at byte ${at}: ${around(a)} instead of ${around(b)}`
}

interface LogLines {
  log: Logger
  /** The call's line, now or when it comes. */
  of(id: string): Promise<JsonObject>
}

function logLines(): LogLines {
  const seen = new Map<string, JsonObject>()
  const waiting = new Map<string, (line: JsonObject) => void>()
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const text of chunk.toString('utf8').split('\n')) {
        if (text === '') continue
        const line: unknown = JSON.parse(text)
        if (!isObject(line) || typeof line.id !== 'string') continue
        seen.set(line.id, line)
        waiting.get(line.id)?.(line)
      }
      done()
    },
  })
  return {
    log: pino({ level: 'info' }, sink),
    of(id) {
      const line = seen.get(id)
      return line ? Promise.resolve(line) : new Promise((resolve) => waiting.set(id, resolve))
    },
  }
}
