// Private state of an answer (signatures, encrypted reasoning) for callers whose clients drop it. It is remembered under
// the turn's first tool call, an id every client must echo, and put back when the conversation returns. Bounded in bytes
// and age; a miss degrades to "no reasoning replayed". Seals also get their account here, and go back to no other.

import { LRUCache } from 'lru-cache'
import { openOf } from '../core/collect.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { GatewayError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Holding } from '../core/holding.ts'
import type { Note } from '../core/note.ts'
import type { DialectId, Seal } from '../core/origin.ts'
import type { Part, ReasoningPart, ToolCallPart } from '../core/part.ts'
import type { GenerationRequest, Message } from '../core/request.ts'
import { ownToolTurns } from './own-tool-turns.ts'

const MAX_BYTES = 64 * 1024 * 1024
const MAX_AGE_MS = 6 * 60 * 60 * 1000

/** Who issues and receives seals: one endpoint's account and the model behind it. */
export interface SealTarget {
  /** Endpoint id. */
  account: string
  model: string
  dialect: DialectId
  /** Digest of the key of who asks. */
  caller: string
}

interface Turn {
  account: string
  dialect: DialectId
  /** Sealed reasoning of the turn, in order. */
  reasoning: ReasoningPart[]
  /** Seals of its calls, by call id, with the call's name as a check. */
  calls: Map<string, { name: string; sealed?: Seal }>
}

export interface Seals {
  /** The request with remembered state put back and foreign state taken out; the same object where nothing changes. */
  recall(request: GenerationRequest, target: SealTarget): { request: GenerationRequest; notes: Note[] }
  /** Passes each event on, its seal stamped with the account, and remembers the turn at its end. */
  watch(target: SealTarget, request: GenerationRequest | undefined): (event: StreamEvent) => StreamEvent
  holding(): Holding
}

export function seals(): Seals {
  const turns = new LRUCache<string, Turn>({
    maxSize: MAX_BYTES,
    ttl: MAX_AGE_MS,
    sizeCalculation: sizeOf,
  })
  const own = ownToolTurns()
  return {
    holding: () => ({
      entries: turns.size + own.entries,
      bytes: turns.calculatedSize + own.bytes,
      mostBytes: MAX_BYTES + own.mostBytes,
    }),
    recall(request, target) {
      const notes: Note[] = []
      let changed = false
      const messages = request.messages.map((message, index) => {
        if (message.role !== 'assistant') return message
        // In its own dialect unsigned reasoning is refused: the part goes with its seal.
        const drop = request.dialect === target.dialect
        const at = `messages[${index}]`
        const signed = drop && needsSignature(target) ? withoutUnsigned(message, at, notes) : message
        const kept = withoutForeign(signed, target, at, notes, drop)
        const asked = own.recall(request.messages, index, target)
        const whole = asked === message ? withRemembered(kept, turns, target) : asked
        if (whole !== message) changed = true
        return whole
      })
      return { request: changed ? { ...request, messages } : request, notes }
    },
    watch(target, request) {
      const look = own.watch(target, request)
      const reasoning: ReasoningPart[] = []
      const calls: Turn['calls'] = new Map()
      const open = new Map<number, ReasoningPart | ToolCallPart>()
      let sealedAny = false
      const stamp = (seal: Seal): Seal => ({
        ...seal,
        model: seal.model ?? target.model,
        account: seal.account ?? target.account,
      })
      const stamped = (event: StreamEvent): StreamEvent => {
        switch (event.type) {
          case 'open':
            if (event.choice !== 0) return event
            if (event.open.kind === 'reasoning')
              open.set(event.part, {
                kind: 'reasoning',
                text: '',
                ...(event.open.redacted === undefined ? {} : { redacted: event.open.redacted }),
              })
            else if (event.open.kind === 'tool_call')
              open.set(event.part, {
                kind: 'tool_call',
                id: event.open.id,
                name: event.open.name,
                arguments: '',
              })
            return event.open.kind === 'tool_call' && event.open.sealed
              ? { ...event, open: { ...event.open, sealed: stamp(event.open.sealed) } }
              : event
          case 'delta': {
            const part = event.choice === 0 ? open.get(event.part) : undefined
            if (part?.kind === 'reasoning') part.text += event.text
            return event
          }
          case 'close': {
            const part = event.choice === 0 ? open.get(event.part) : undefined
            open.delete(event.part)
            const sealed = event.sealed && stamp(event.sealed)
            if (part?.kind === 'tool_call')
              calls.set(part.id, { name: part.name, ...(sealed ? { sealed } : {}) })
            if (!sealed) return event
            sealedAny = true
            if (part?.kind === 'reasoning') reasoning.push({ ...part, sealed })
            return { ...event, sealed }
          }
          case 'end': {
            const first = calls.keys().next()
            if (sealedAny && !first.done)
              turns.set(first.value, { account: target.account, dialect: target.dialect, reasoning, calls })
            return event
          }
          default:
            return event
        }
      }
      return (event) => {
        const told = stamped(event)
        look(told)
        return told
      }
    },
  }
}

/** Stamps a whole answer's seals and remembers it: the same as `watch` over its events. */
export function watchParts(parts: readonly Part[], pass: (event: StreamEvent) => StreamEvent): void {
  for (const [part, value] of parts.entries()) {
    const at = { choice: 0, part }
    pass({ type: 'open', ...at, open: openOf(value) })
    if ('text' in value && value.text !== '') pass({ type: 'delta', ...at, text: value.text })
    if (value.kind === 'text')
      for (const citation of value.citations ?? []) pass({ type: 'citation', ...at, citation })
    const sealed = sealIn(value)
    const closed = pass({
      type: 'close',
      ...at,
      ...(sealed ? { sealed } : {}),
      ...(value.origin ? { origin: value.origin } : {}),
    })
    if (sealed && closed.type === 'close' && closed.sealed) Object.assign(value, { sealed: closed.sealed })
  }
  pass({ type: 'end' })
}

const sealIn = (part: Part): Seal | undefined => ('sealed' in part ? part.sealed : undefined)

/** Seals of another account go back to nobody: the vendor would refuse or silently drop them. */
function withoutForeign(
  message: Message,
  target: SealTarget,
  at: string,
  notes: Note[],
  drop: boolean,
): Message {
  const foreign = (part: Part): boolean =>
    'sealed' in part && part.sealed?.account !== undefined && part.sealed.account !== target.account
  if (!message.parts.some(foreign)) return message
  const parts = message.parts.flatMap((part, index): Part[] => {
    if (!foreign(part) || !('sealed' in part)) return [part]
    const { sealed, ...open } = part
    notes.push({
      field: `${at}.parts[${index}]`,
      action: 'dropped',
      why: `its private state was issued by endpoint "${sealed?.account}", not by "${target.account}"`,
    })
    return drop && part.kind === 'reasoning' ? [] : [open]
  })
  return { ...message, parts }
}

/** Claude refuses thinking without its signature; hosts that speak its dialect for other models show it so themselves. */
function needsSignature({ dialect, model }: SealTarget): boolean {
  return dialect === 'anthropic-messages' && /claude/i.test(model)
}

function withoutUnsigned(message: Message, at: string, notes: Note[]): Message {
  const unsigned = (part: Part): boolean => part.kind === 'reasoning' && part.sealed === undefined
  if (!message.parts.some(unsigned)) return message
  const parts = message.parts.filter((part, index) => {
    if (!unsigned(part)) return true
    notes.push({
      field: `${at}.content[${index}]`,
      action: 'dropped',
      why: 'reasoning without a signature is refused',
    })
    return false
  })
  return { ...message, parts }
}

/** The vendor says that thinking in the history is not of this conversation, account or user. */
export function isBoundElsewhere({ message, upstreamStatus }: GatewayError): boolean {
  return upstreamStatus === 400 && /invalid `?signature`? in `?thinking`? block/i.test(message)
}

export const THINKING_REFUSED: Note = {
  field: 'messages',
  action: 'dropped',
  why: 'reasoning in the history, whose signatures the upstream refused',
}

export function withoutReasoning(request: GenerationRequest): GenerationRequest {
  return {
    ...request,
    messages: request.messages.map((message) =>
      message.parts.some((part) => part.kind === 'reasoning')
        ? { ...message, parts: message.parts.filter((part) => part.kind !== 'reasoning') }
        : message,
    ),
  }
}

/** What the caller's client did not echo, from the turn that its first call names. An edited turn is left alone. */
function withRemembered(message: Message, turns: LRUCache<string, Turn>, target: SealTarget): Message {
  const calls = message.parts.filter((part) => part.kind === 'tool_call')
  const [first] = calls
  const turn = first && turns.get(first.id)
  if (!turn || turn.account !== target.account || turn.dialect !== target.dialect) return message
  if (calls.some((call) => turn.calls.get(call.id)?.name !== call.name)) return message
  const bare = calls.some(
    (call) => call.sealed === undefined && turn.calls.get(call.id)?.sealed !== undefined,
  )
  const silent =
    turn.reasoning.length > 0 &&
    !message.parts.some((part) => part.kind === 'reasoning' && part.sealed !== undefined)
  if (!bare && !silent) return message
  const parts = message.parts
    .filter((part) => !silent || part.kind !== 'reasoning')
    .map((part) => {
      const sealed = part.kind === 'tool_call' ? turn.calls.get(part.id)?.sealed : undefined
      return part.kind === 'tool_call' && part.sealed === undefined && sealed ? { ...part, sealed } : part
    })
  return { ...message, parts: silent ? [...turn.reasoning, ...parts] : parts }
}

function sizeOf(turn: Turn): number {
  let bytes = 256
  for (const part of turn.reasoning) bytes += part.text.length * 2 + (part.sealed?.value.length ?? 0) + 128
  for (const [id, call] of turn.calls)
    bytes += id.length + call.name.length + (call.sealed?.value.length ?? 0) + 128
  return bytes
}

/** Dialects whose answers carry private state; the others' streams are not watched at all. */
export function issuesSeals(dialect: GenerationDialect): boolean {
  return SEALING.has(dialect.id)
}

const SEALING: ReadonlySet<DialectId> = new Set([
  // Hosts that relay other vendors' state in `reasoning_details` and `thinking_blocks`.
  'openai-chat',
  'anthropic-messages',
  'openai-responses',
  'gemini',
  'bedrock-converse',
])
