// Conversations of several recorded exchanges, replayed for a caller of another dialect: it gets the recorded answer in its
// own dialect, sends it back with the next turn as its SDK would, and the upstream must get back what it issued: the calls
// with their ids and arguments, and every piece of private state (signatures, encrypted reasoning) that the recorded
// client returned.

import { collect, replay } from '../../src/core/collect.ts'
import { GatewayError } from '../../src/core/error.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { type Json, type JsonObject, asString, isObject } from '../../src/core/json.ts'
import type { OpaquePart } from '../../src/core/part.ts'
import type { GenerationRequest, Message } from '../../src/core/request.ts'
import { frameReader } from '../../src/wire/frames.ts'
import type { RecordedCase } from './cases.ts'
import { canonical as shown } from './facts.ts'
import { type Wire, faces } from './wires/index.ts'

export interface Turn {
  /** The exchange that was answered. */
  answered: RecordedCase
  /** The one that followed in the same conversation. */
  next: RecordedCase
}

/** Why some turns are not replayed in another dialect. */
export const WORDLESS =
  "the vendor's own tool ran in it and the model said not a word and made no call: a caller of another dialect is shown an empty turn, and nothing it sends back names it"

/** Pairs of successive exchanges that replay one conversation: the later request holds the earlier answer. */
export function turnsOf(cases: readonly RecordedCase[]): { turns: Turn[]; left: Turn[] } {
  const all = pairsOf(cases)
  const wordless = ({ answered }: Turn): boolean => {
    if (blocksOf(answered).length === 0) return false
    const { choices } = collect(received(answered.wire, answered.streamed, answered.bytes))
    return !choices.some(({ parts }) =>
      parts.some((part) => part.kind === 'tool_call' || (part.kind === 'text' && part.text.trim() !== '')),
    )
  }
  return { turns: all.filter((turn) => !wordless(turn)), left: all.filter(wordless) }
}

function pairsOf(cases: readonly RecordedCase[]): Turn[] {
  const bySource = new Map<string, RecordedCase[]>()
  for (const recorded of cases) {
    if (recorded.source === undefined || recorded.status >= 400) continue
    const key = `${recorded.row.folder} ${recorded.source.path}`
    bySource.set(key, [...(bySource.get(key) ?? []), recorded])
  }
  return [...bySource.values()].flatMap((group) => {
    const ordered = group.toSorted((a, b) => (a.source?.interaction ?? 0) - (b.source?.interaction ?? 0))
    return ordered.slice(0, -1).flatMap((answered, index) => {
      const next = ordered[index + 1] as RecordedCase
      return answered.request && next.request && returned(answered, next).length > 0
        ? [{ answered, next }]
        : []
    })
  })
}

/** Members whose value is the issuer's alone. */
const STATE = new Set(['signature', 'thoughtSignature', 'thought_signature', 'encrypted_content', 'data'])
/** Members that name a call. */
const CALLS = new Set(['id', 'call_id', 'toolUseId'])
/** Ids of Responses items, which name the item and not the call. */
const ITEM = /^(fc|ctc|rs|msg)_/

interface Piece {
  what: 'state' | 'call'
  value: string
}

/** What the answer issued and the recorded client gave back. */
function returned(answered: RecordedCase, next: RecordedCase): Piece[] {
  const said = answered.bytes.toString('utf8')
  const found: Piece[] = []
  const look = (value: Json | undefined, inCall: boolean): void => {
    if (Array.isArray(value)) for (const item of value) look(item, inCall)
    else if (isObject(value)) {
      const call =
        value.type === 'tool_use' ||
        value.type === 'function_call' ||
        isObject(value.function) ||
        value.toolUseId !== undefined
      for (const [name, inner] of Object.entries(value)) {
        if (typeof inner === 'string' && inner !== '' && said.includes(inner)) {
          const long = inner.length > 20
          if (STATE.has(name) && long) found.push({ what: 'state', value: inner })
          else if (CALLS.has(name) && call && !ITEM.test(inner)) found.push({ what: 'call', value: inner })
        } else look(inner, call)
      }
    }
  }
  look(next.request, false)
  return found
}

export interface TurnBench {
  /** Sends a request as a caller of the wire and returns the answer's bytes. */
  ask(wire: Wire, body: JsonObject, streamed: boolean, recorded: RecordedCase): Promise<Buffer>
  /** The body that the upstream got last. */
  upstreamBody(): string
}

/** Wires whose callers hold conversations of this kind. The prompt of a completion has no turns. */
const SPEAKERS = faces.filter(
  ({ dialect: { id } }) => id !== 'openai-completions' && id !== 'ollama-generate',
)

export function speakersFor(turn: Turn): Wire[] {
  return SPEAKERS.filter(
    (wire) => wire !== turn.answered.wire && [turn.answered, turn.next].every(sayable(wire)),
  )
}

/** A request may hold what has no form in the caller's dialect (a file for the vendor's own container). */
const sayable =
  (wire: Wire) =>
  (recorded: RecordedCase): boolean => {
    try {
      said(canonical(recorded), wire)
      return true
    } catch (thrown) {
      if (thrown instanceof GatewayError && thrown.kind === 'invalid_request') return false
      throw thrown
    }
  }

export async function turnProblems(turn: Turn, caller: Wire, bench: TurnBench): Promise<string[]> {
  const { answered, next } = turn
  const own = answered.wire.dialect
  const first = canonical(answered)
  const bytes = await bench.ask(caller, said(first, caller), answered.streamed, answered)
  const reply = collect(received(caller, answered.streamed, bytes))
  const assistant: Message = { role: 'assistant', parts: reply.choices[0]?.parts ?? [] }

  const second = canonical(next)
  const at = second.messages.findLastIndex(({ role }) => role === 'assistant')
  const before = second.messages[at]
  // Other exchanges may lie between the two: then the last answer of the second request is not the first one's.
  if (!before || at !== first.messages.length) return []
  const messages = second.messages.map((message, index) =>
    index === at ? assistant : index > at ? readdressed(message, before, assistant) : message,
  )
  const body = said({ ...second, messages }, caller)
  const rows = (upTo: number): number =>
    list(said({ ...second, messages: messages.slice(0, upTo) }, caller)[member]).length
  const member = caller.dialect.content ?? 'input'
  // The turn goes back as it came, member by member, and not as our encoder would write it for an upstream.
  const whole = answered.streamed
    ? caller.dialect.response.encode(reply, CONTEXT).body
    : (JSON.parse(bytes.toString('utf8')) as JsonObject)
  const sent = list(body[member])
  body[member] = [...sent.slice(0, rows(at)), ...echoed(whole), ...sent.slice(rows(at + 1))]
  await bench.ask(caller, body, next.streamed, next)
  const upstream = bench.upstreamBody()

  const there = nodesOf(JSON.parse(upstream) as Json)
  const lost = blocksOf(answered).filter((block) => !there.has(shown(block.value)))
  const problems = lost.map(({ type }) => `the block ${type} did not come back`)
  const pieces = returned(answered, next)
  const called = pieces.some((piece) => piece.what === 'call')
  const gone = pieces.flatMap(({ what, value }) => {
    // A caller whose dialect has no place for state, and no call to remember it by, cannot bring it back.
    if (what === 'state' && !called && caller.dialect.id === 'ollama') return []
    // Ollama's calls have no ids of the upstream's: pairing is by order.
    if (what === 'call' && (caller.dialect.id === 'ollama' || own.id === 'gemini')) return []
    return upstream.includes(JSON.stringify(value).slice(1, -1))
      ? []
      : [`${what} ${value.slice(0, 60)} did not come back`]
  })
  return [...problems, ...gone]
}

/** Blocks of the vendor's own tools in an answer. */
function blocksOf({ wire, streamed, bytes }: RecordedCase): OpaquePart[] {
  return received(wire, streamed, bytes).flatMap((event) =>
    event.type === 'open' && event.open.kind === 'whole' && event.open.value.kind === 'opaque'
      ? [event.open.value]
      : [],
  )
}

/** Every object in a body, in one spelling. */
function nodesOf(value: Json | undefined, found = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) nodesOf(item, found)
  else if (isObject(value)) {
    found.add(shown(value))
    for (const inner of Object.values(value)) nodesOf(inner, found)
  }
  return found
}

/** Results of the recorded calls as results of the calls that this caller saw, in their order. */
function readdressed(message: Message, before: Message, now: Message): Message {
  const ids = (from: Message): string[] =>
    from.parts.flatMap((part) => (part.kind === 'tool_call' ? [part.id] : []))
  const [old, fresh] = [ids(before), ids(now)]
  return {
    ...message,
    parts: message.parts.map((part) =>
      part.kind === 'tool_result'
        ? { ...part, callId: fresh[old.indexOf(part.callId)] ?? part.callId }
        : part,
    ),
  }
}

/** The recorded request in the canonical form. */
function canonical(recorded: RecordedCase): GenerationRequest {
  const { dialect } = recorded.wire
  const body: JsonObject = { ...recorded.request }
  return dialect.request.decode(
    dialect.addressing === 'path'
      ? { ...body, model: asString(body.model) ?? recorded.model ?? '', stream: recorded.streamed }
      : body,
  )
}

/** A request as the caller's own SDK would send it. */
function said(request: GenerationRequest, caller: Wire): JsonObject {
  return caller.dialect.request.encode(
    { ...request, includeUsage: true },
    { model: 'm', quirks: { reasoningField: 'reasoning_content' }, facts: {} },
  ).body
}

/** What the caller's SDK makes of the answer's bytes. */
function received(caller: Wire, streamed: boolean, bytes: Buffer): StreamEvent[] {
  const events: StreamEvent[] = []
  const { dialect } = caller
  if (!streamed) {
    replay(dialect.response.decode(JSON.parse(bytes.toString('utf8')) as Json, {}), (event) =>
      events.push(event),
    )
    return events
  }
  const decoder = dialect.stream.decoder({}, (event) => events.push(event))
  const reader = frameReader(dialect.framing, { frame: (frame) => decoder.frame(frame) })
  reader.push(bytes)
  reader.end()
  decoder.end()
  return events
}

const CONTEXT = { model: 'm', id: 'req_test', created: 1_700_000_000, includeUsage: true }

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : [])

/** An answer as the turn that its caller's SDK appends to the conversation. */
function echoed(answer: JsonObject): Json[] {
  if (Array.isArray(answer.output)) return answer.output
  if (Array.isArray(answer.candidates))
    return answer.candidates
      .slice(0, 1)
      .flatMap((row) => (isObject(row) && row.content !== undefined ? [row.content] : []))
  if (Array.isArray(answer.choices))
    return answer.choices
      .slice(0, 1)
      .flatMap((row) => (isObject(row) && row.message !== undefined ? [row.message] : []))
  if (Array.isArray(answer.content)) return [{ role: 'assistant', content: answer.content }]
  return answer.message === undefined ? [] : [answer.message]
}
