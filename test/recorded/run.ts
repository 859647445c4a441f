// Every check of one recorded case: relayed byte for byte and metered, translated to the other dialect and judged,
// its request taken apart and put together, its stream cut everywhere.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { Agent, request } from 'undici'
import { loadConfig } from '../../src/config/load.ts'
import { collect, replay } from '../../src/core/collect.ts'
import type { AnswerContext, Encoded, GenerationDialect } from '../../src/core/dialect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { checkGrammar } from '../../src/core/grammar.ts'
import { type Json, type JsonObject, asString, isObject } from '../../src/core/json.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import { startServer } from '../../src/server/index.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { sseReader } from '../../src/wire/sse.ts'
import type { RecordedCase, WireName } from './cases.ts'
import { judged } from './judge.ts'
import { type Facts, canonical, differences, readAnswer, shown, translated } from './oracle.ts'
import { unreported } from './request-oracle.ts'

export type CheckName = 'relay' | 'meter' | 'translate' | 'error' | 'request' | 'cuts'

export interface CheckResult {
  check: CheckName
  /** Empty: passed. */
  problems: string[]
}

const DIALECT: Readonly<Record<WireName, GenerationDialect>> = {
  chat: openaiChat,
  messages: anthropicMessages,
}
const PATH: Readonly<Record<WireName, string>> = { chat: '/v1/chat/completions', messages: '/v1/messages' }
const OTHER: Readonly<Record<WireName, WireName>> = { chat: 'messages', messages: 'chat' }
const CONTEXT: AnswerContext = { model: 'm', id: 'req_test', created: 1_700_000_000, includeUsage: true }

export interface Bench {
  check(recorded: RecordedCase): Promise<CheckResult[]>
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
  const providers = [
    'openai',
    'azure',
    'groq',
    'openrouter',
    'deepseek',
    'llamacpp',
    'openai-compatible',
    'anthropic',
  ]
  const text = `endpoints:\n${providers
    .map((id) => `  ${id}: { provider: ${id}, base_url: "${fake.url}/v1", api_key: k, models: ["m"] }`)
    .join('\n')}\n`
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-recorded-'))
  writeFileSync(join(folder, 'trunkline.yaml'), text)
  const config = loadConfig({ cwd: folder, env: {} })
  const gateway = createGateway(config, { log: lines.log, probe: false })
  const server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  const agent = new Agent({ connections: 4 })

  const ask = async (wire: WireName, body: JsonObject): Promise<Answer> => {
    const reply = await request(`${server.url}${PATH[wire]}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher: agent,
    })
    const bytes = Buffer.from(await reply.body.arrayBuffer())
    return {
      status: reply.statusCode,
      headers: reply.headers,
      bytes,
      line: lines.of(String(reply.headers['x-request-id'])),
    }
  }

  return {
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
      const facts = readAnswer(recorded.wire, recorded.streamed, recorded.bytes)
      if (recorded.status >= 400) await add('error', () => errorChecks(recorded, fake, ask))
      else {
        await add('relay', () => relayChecks(recorded, fake, ask))
        await add('meter', () => meterChecks(recorded, facts, fake, ask))
        await add('translate', () => translateChecks(recorded, facts, fake, ask))
        if (recorded.streamed) await add('cuts', () => cutChecks(recorded, cuts))
      }
      if (recorded.request)
        await add('request', () => requestChecks(recorded.wire, recorded.request as JsonObject))
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

type Ask = (wire: WireName, body: JsonObject) => Promise<Answer>

/** The recorded request pointed at the test endpoint, or a plain one; it asks for what the recording answers. */
function requestFor(recorded: RecordedCase, wire: WireName, streamed: boolean): JsonObject {
  const own = wire === recorded.wire ? recorded.request : undefined
  const body: JsonObject = {
    ...(own ?? {
      messages: [{ role: 'user', content: 'hi' }],
      ...(wire === 'messages' ? { max_tokens: 64 } : {}),
    }),
    model: `${recorded.provider}/m`,
  }
  if (streamed) body.stream = true
  else delete body.stream
  if (wire === 'chat' && streamed) body.stream_options = { include_usage: true }
  else delete body.stream_options
  return body
}

async function relayChecks(recorded: RecordedCase, fake: Fake, ask: Ask): Promise<string[]> {
  fake.script(recorded.reply)
  const answer = await ask(recorded.wire, requestFor(recorded, recorded.wire, recorded.streamed))
  if (answer.status !== recorded.status)
    return [`status ${answer.status} instead of ${recorded.status}: ${answer.bytes.toString('utf8', 0, 200)}`]
  return answer.bytes.equals(recorded.bytes)
    ? []
    : [`bytes differ ${firstDifference(answer.bytes, recorded.bytes)}`]
}

async function meterChecks(recorded: RecordedCase, facts: Facts, fake: Fake, ask: Ask): Promise<string[]> {
  fake.script(recorded.reply)
  const answer = await ask(recorded.wire, requestFor(recorded, recorded.wire, recorded.streamed))
  const line = await answer.line
  const problems: string[] = []
  for (const key of ['input', 'output'] as const)
    if (line[key] !== facts.usage?.[key])
      problems.push(`metered ${key} ${shown(line[key])}, recorded ${shown(facts.usage?.[key])}`)
  return problems
}

async function translateChecks(
  recorded: RecordedCase,
  facts: Facts,
  fake: Fake,
  ask: Ask,
): Promise<string[]> {
  const target = OTHER[recorded.wire]
  const problems: string[] = []
  const want = translated(recorded.wire, facts)
  const dialect = DIALECT[recorded.wire]

  // The events themselves.
  const events: StreamEvent[] = recorded.streamed
    ? decodeStream(dialect, framesOf([recorded.bytes]))
    : replayed(dialect, recorded.bytes)
  const broken = checkGrammar(events)
  if (broken !== undefined) problems.push(`grammar: ${broken}`)

  // As recorded, and, from a whole answer, streamed as well.
  for (const streamed of recorded.streamed ? [true] : [false, true]) {
    fake.script(recorded.reply)
    const answer = await ask(target, requestFor(recorded, target, streamed))
    const how = streamed ? 'streamed' : 'whole'
    if (answer.status !== 200) {
      problems.push(`${how}: status ${answer.status} ${answer.bytes.toString('utf8', 0, 200)}`)
      continue
    }
    problems.push(...(await answerProblems(how, target, streamed, answer.bytes, want)))
  }

  // A stream collected to a whole answer.
  if (recorded.streamed && facts.error === undefined) {
    const whole = Buffer.from(JSON.stringify(DIALECT[target].response.encode(collect(events), CONTEXT).body))
    problems.push(...(await answerProblems('collected', target, false, whole, want)))
  }
  return problems
}

async function answerProblems(
  how: string,
  wire: WireName,
  streamed: boolean,
  bytes: Buffer,
  want: Facts,
): Promise<string[]> {
  const got = readAnswer(wire, streamed, bytes)
  const problems: string[] = []
  if (want.error !== undefined) {
    if (got.error?.includes(want.error) !== true)
      problems.push(`error ${shown(got.error)} instead of ${shown(want.error)}`)
    return problems.map((line) => `${how}: ${line}`)
  }
  problems.push(...differences(got, want))
  if (got.error !== undefined) problems.push(`says an error: ${got.error}`)
  if (!got.complete) problems.push('has no terminal event')
  const seen = await judged(wire, streamed, bytes)
  // The OpenAI SDK keeps the last fragment of members it does not know, and joins no annotations.
  const comparable = (facts: Facts): Facts => ({
    ...facts,
    choices: facts.choices.map((choice) =>
      wire === 'chat' && streamed ? { ...choice, reasoning: '', citations: [] } : choice,
    ),
  })
  problems.push(...differences(comparable(seen), comparable(want)).map((line) => `official SDK: ${line}`))
  return problems.map((line) => `${how}: ${line}`)
}

async function errorChecks(recorded: RecordedCase, fake: Fake, ask: Ask): Promise<string[]> {
  const problems: string[] = []
  fake.script({ ...recorded.reply })
  const relayed = await ask(recorded.wire, requestFor(recorded, recorded.wire, false))
  if (relayed.status !== recorded.status)
    problems.push(`relay: status ${relayed.status} instead of ${recorded.status}`)
  if (canonical(parsed(relayed.bytes)) !== canonical(parsed(recorded.bytes)))
    problems.push(
      `relay: body ${relayed.bytes.toString('utf8', 0, 200)} instead of ${recorded.bytes.toString('utf8', 0, 200)}`,
    )
  fake.script({ ...recorded.reply })
  const target = OTHER[recorded.wire]
  const other = await ask(target, requestFor(recorded, target, false))
  if (other.status !== recorded.status)
    problems.push(`translate: status ${other.status} instead of ${recorded.status}`)
  const wanted = readAnswer(recorded.wire, false, recorded.bytes).error
  const got = readAnswer(target, false, other.bytes).error
  if (wanted !== undefined && got?.includes(wanted) !== true)
    problems.push(`translate: message ${shown(got)} instead of ${shown(wanted)}`)
  return problems
}

/** Decode and encode in one dialect is the same JSON; through the other dialect nothing goes without a note. */
export function requestChecks(wire: WireName, body: JsonObject): string[] {
  const own = DIALECT[wire]
  const other = DIALECT[OTHER[wire]]
  const target = { model: asString(body.model) ?? '', quirks: {}, facts: {} }
  const again = own.request.encode(own.request.decode(body), target)
  const problems: string[] = []
  if (canonical(again.body) !== canonical(body))
    problems.push(
      `same dialect: ${firstDifference(Buffer.from(canonical(again.body)), Buffer.from(canonical(body)))}`,
    )
  let there: Encoded
  try {
    there = other.request.encode(own.request.decode(body), { ...target, quirks: reasoningBack(wire) })
  } catch (thrown) {
    // What the other wire cannot say at all is refused, in words: that is no silent loss.
    if (thrown instanceof GatewayError && thrown.kind === 'invalid_request') return problems
    throw thrown
  }
  const back = own.request.encode(other.request.decode(there.body), target)
  problems.push(...unreported(wire, body, back.body, [...there.notes, ...back.notes]))
  return problems
}

/** A Chat host that takes reasoning back, as the field's reasoning hosts do. */
function reasoningBack(wire: WireName): { reasoningField?: 'reasoning_content' } {
  return wire === 'messages' ? { reasoningField: 'reasoning_content' } : {}
}

/** Cut in two at every byte (or 200 places of a long one): the same frames, so the same events. */
function cutChecks(recorded: RecordedCase, cuts: 'all' | 'some'): string[] {
  const { bytes } = recorded
  const whole = canonical(framesOf([bytes]))
  const every = cuts === 'all' && bytes.length <= 20 * 1024
  const places = every
    ? Array.from({ length: bytes.length }, (_, index) => index)
    : Array.from({ length: cuts === 'all' ? 200 : 20 }, (_, index) => (index * 7919 + 13) % bytes.length)
  for (const place of places) {
    const frames = framesOf([bytes.subarray(0, place), bytes.subarray(place)])
    if (canonical(frames) !== whole) return [`cut at byte ${place}: other frames`]
  }
  // The events of a few cuts, to see the decoder fed from such frames too; and one byte at a time.
  const dialect = DIALECT[recorded.wire]
  const want = canonical(decodeStream(dialect, framesOf([bytes])))
  const single = framesOf(Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)))
  return canonical(decodeStream(dialect, single)) === want ? [] : ['byte by byte: other events']
}

function framesOf(pieces: readonly Uint8Array[]): { event: string; data: string }[] {
  const frames: { event: string; data: string }[] = []
  const reader = sseReader({ frame: ({ event, data }) => frames.push({ event, data }) })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return frames
}

function decodeStream(
  dialect: GenerationDialect,
  frames: readonly { event: string; data: string }[],
): StreamEvent[] {
  const events: StreamEvent[] = []
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  for (const frame of frames) decoder.frame(frame)
  decoder.end()
  return events
}

function replayed(dialect: GenerationDialect, bytes: Buffer): StreamEvent[] {
  const events: StreamEvent[] = []
  replay(dialect.response.decode(parsed(bytes) as Json, {}), (event) => events.push(event))
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
