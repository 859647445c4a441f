// Chunks of an answer to events; a whole answer is one chunk, a streamed one may come as a list of them. Each chunk is an
// answer by itself: parts follow each other, the finish word may come again and the last one counts, usage is
// cumulative. A stream without a finish word is an interrupted one.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { EventSink } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Origin, Seal } from '../../core/origin.ts'
import type { Part } from '../../core/part.ts'
import { hash64 } from '../../core/alias.ts'
import { type TextSpan, citationsOf } from './citations.ts'
import { errorInside, notAnAnswer } from './error.ts'
import { MALFORMED, decodeFinish, finishWord } from './finish.ts'
import { decodeLogprobs } from './logprobs.ts'
import { type PartialArgs, partialArgs } from './partial-args.ts'
import { type CallIds, MADE_ID, decodePart } from './parts.ts'
import { decodeUsage, mergeUsage } from './usage.ts'

const ROOT = new Set(['candidates', 'usageMetadata', 'modelVersion', 'responseId'])
const CONTENT = new Set(['role', 'parts'])
const CANDIDATE = new Set(['index', 'content', 'finishReason', 'finishMessage', 'logprobsResult'])

interface OpenPart {
  part: number
  kind: 'text' | 'reasoning'
  /** Signed or with members of its own: nothing may be added to it. */
  sealed?: Seal
  origin?: Origin
  span?: TextSpan
}

interface ChoiceState {
  next: number
  open?: OpenPart
  /** A call whose arguments come in pieces. */
  partial?: { part: number; args: PartialArgs; sealed?: Seal }
  called: boolean
  /** Text of each part, by its place on the wire. */
  spans: (TextSpan | undefined)[]
  length: number
  cited: Set<string>
  recited?: JsonObject
  word?: string
  message?: Json
}

export function decoder(_quirks: Quirks, sink: EventSink): StreamDecoder {
  const chunks = chunkDecoder(sink, false)
  return {
    frame({ data }: Frame) {
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch (cause) {
        return chunks.fail(
          new GatewayError('bad_upstream_response', `a stream event is not JSON: ${data.slice(0, 120)}`, {
            cause,
          }),
        )
      }
      chunks.chunk(wire)
    },
    end: () => chunks.end(),
  }
}

export interface ChunkDecoder {
  chunk(wire: Json): void
  fail(error: GatewayError): void
  end(): void
}

/** @param whole the answer is complete as it is: it may lack its finish word. */
export function chunkDecoder(sink: EventSink, whole: boolean): ChunkDecoder {
  let started = false
  let over = false
  let blocked: string | undefined
  let responseId = ''
  let calls = 0
  let counts: JsonObject | undefined
  const told: JsonObject = {}
  const choices = new Map<number, ChoiceState>()

  const ids: CallIds = {
    call(given, name) {
      const place = responseId === '' ? hash64(`${name} ${calls}`) : responseId.replace(/[^\w-]/g, '_')
      return given ?? `${MADE_ID}${place}_${calls++}`
    },
    result: (given, name) => given ?? `${MADE_ID}${name}`,
  }

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }

  const state = (index: number): ChoiceState => {
    let found = choices.get(index)
    if (!found) {
      found = { next: 0, called: false, spans: [], length: 0, cited: new Set() }
      choices.set(index, found)
    }
    return found
  }

  const closeOpen = (choice: number, at: ChoiceState): void => {
    const { open } = at
    if (!open) return
    delete at.open
    sink({
      type: 'close',
      choice,
      part: open.part,
      ...(open.sealed ? { sealed: open.sealed } : {}),
      ...(open.origin ? { origin: open.origin } : {}),
    })
  }

  const openText = (choice: number, at: ChoiceState, kind: 'text' | 'reasoning'): OpenPart => {
    closeOpen(choice, at)
    const open: OpenPart = { part: at.next++, kind }
    if (kind === 'text') open.span = { start: at.length, text: '' }
    at.spans.push(open.span)
    at.open = open
    sink({ type: 'open', choice, part: open.part, open: { kind } })
    return open
  }

  const text = (
    choice: number,
    at: ChoiceState,
    part: Extract<Part, { kind: 'text' | 'reasoning' }>,
  ): void => {
    const { kind, sealed, origin } = part
    const own = sealed !== undefined || origin !== undefined
    if (part.text === '' && !own) return
    let { open } = at
    if (open?.kind !== kind || own || open.sealed || open.origin) open = openText(choice, at, kind)
    if (sealed) open.sealed = sealed
    if (origin) open.origin = origin
    if (part.text === '') return
    if (open.span) {
      open.span.text += part.text
      at.length += part.text.length
    }
    sink({ type: 'delta', choice, part: open.part, text: part.text })
  }

  const endPartial = (choice: number, at: ChoiceState): void => {
    const { partial } = at
    if (!partial) return
    delete at.partial
    const rest = partial.args.end()
    if (rest !== '') sink({ type: 'delta', choice, part: partial.part, text: rest })
    sink({ type: 'close', choice, part: partial.part, ...(partial.sealed ? { sealed: partial.sealed } : {}) })
  }

  /** A piece of a call whose arguments come in pieces; false: the call came whole. */
  const piece = (choice: number, at: ChoiceState, wire: JsonObject): boolean => {
    const call = wire.functionCall
    if (!isObject(call)) return false
    const named = typeof call.name === 'string' && call.name !== ''
    const more = call.willContinue === true
    if (named && !more && !Array.isArray(call.partialArgs)) return false
    if (named) {
      closeOpen(choice, at)
      endPartial(choice, at)
      const { part } = decodePart({ ...wire, functionCall: { id: call.id, name: call.name } }, ids)
      if (part.kind !== 'tool_call') return false
      at.called = true
      const { id, name, sealed } = part
      const partial = { part: at.next++, args: partialArgs(), ...(sealed ? { sealed } : {}) }
      at.partial = partial
      at.spans.push(undefined)
      sink({
        type: 'open',
        choice,
        part: partial.part,
        open: { kind: 'tool_call', id, name, ...(sealed ? { sealed } : {}) },
      })
    }
    const { partial } = at
    // A nameless piece without a call before it means nothing.
    if (!partial) return true
    for (const entry of Array.isArray(call.partialArgs) ? call.partialArgs : []) {
      const added = isObject(entry) ? partial.args.add(entry) : ''
      if (added !== '') sink({ type: 'delta', choice, part: partial.part, text: added })
    }
    if (!more) endPartial(choice, at)
    return true
  }

  const onPart = (choice: number, at: ChoiceState, wire: Json): void => {
    if (isObject(wire) && piece(choice, at, wire)) return
    const { part } = decodePart(wire, ids)
    if (part.kind === 'text' || part.kind === 'reasoning') return text(choice, at, part)
    closeOpen(choice, at)
    endPartial(choice, at)
    const number = at.next++
    at.spans.push(undefined)
    const where = { choice, part: number }
    if (part.kind !== 'tool_call') {
      sink({ type: 'open', ...where, open: { kind: 'whole', value: part } })
      sink({ type: 'close', ...where })
      return
    }
    at.called = true
    const { id, name, sealed, origin } = part
    const seal = sealed ? { sealed } : {}
    sink({ type: 'open', ...where, open: { kind: 'tool_call', id, name, ...seal } })
    sink({ type: 'delta', ...where, text: part.arguments })
    sink({ type: 'close', ...where, ...seal, ...(origin ? { origin } : {}) })
  }

  const cite = (choice: number, at: ChoiceState, candidate: JsonObject): void => {
    if (candidate.groundingMetadata === undefined && candidate.citationMetadata === undefined) return
    for (const citation of citationsOf(candidate, at.spans)) {
      // Later chunks repeat what earlier ones said.
      const key = JSON.stringify([citation.raw, citation.start])
      if (at.cited.has(key)) continue
      at.cited.add(key)
      const open = at.open?.kind === 'text' ? at.open : openText(choice, at, 'text')
      sink({ type: 'citation', choice, part: open.part, citation })
    }
  }

  const onCandidate = (candidate: JsonObject, position: number): void => {
    const choice = asNumber(candidate.index) ?? position
    const at = state(choice)
    const content = isObject(candidate.content) ? candidate.content : {}
    for (const part of Array.isArray(content.parts) ? content.parts : []) onPart(choice, at, part)
    cite(choice, at, candidate)
    const logprobs = decodeLogprobs(candidate.logprobsResult)
    if (logprobs) sink({ type: 'logprobs', choice, content: logprobs })
    const word = finishWord(candidate.finishReason)
    if (word !== undefined) at.word = word
    if (candidate.finishMessage !== undefined) at.message = candidate.finishMessage
    const extras = { ...unread(candidate, CANDIDATE), ...unread(content, CONTENT) }
    recite(at, extras)
    if (Object.keys(extras).length > 0) sink({ type: 'extras', dialect: 'gemini', choice, members: extras })
  }

  /** Recitations come bit by bit; everything else that is said again replaces what was said. */
  const recite = (at: ChoiceState, extras: JsonObject): void => {
    const { citationMetadata: said } = extras
    if (!isObject(said)) return
    for (const name of ['citationSources', 'citations'] as const) {
      const before = at.recited?.[name]
      if (!Array.isArray(before)) continue
      const later = Array.isArray(said[name]) ? said[name] : []
      const known = new Set(before.map((source) => JSON.stringify(source)))
      extras.citationMetadata = {
        ...said,
        [name]: [...before, ...later.filter((source) => !known.has(JSON.stringify(source)))],
      }
    }
    if (isObject(extras.citationMetadata)) at.recited = extras.citationMetadata
  }

  const start = (wire: JsonObject): void => {
    if (started) return
    started = true
    responseId = asString(wire.responseId) ?? ''
    const made = typeof wire.createTime === 'string' ? Date.parse(wire.createTime) : Number.NaN
    sink({
      type: 'start',
      id: responseId,
      model: asString(wire.modelVersion) ?? '',
      created: Number.isNaN(made) ? 0 : Math.floor(made / 1000),
      origin: { dialect: 'gemini' },
    })
  }

  const chunk = (wire: Json): void => {
    if (over) return
    const error = errorInside(wire)
    if (error) return fail(error)
    if (!isObject(wire)) return fail(notAnAnswer(wire))
    const candidates = Array.isArray(wire.candidates) ? wire.candidates.filter(isObject) : []
    // Before anything was said, another attempt may do better.
    const [only] = candidates
    const word = only && finishWord(only.finishReason)
    if (!started && only && word !== undefined && MALFORMED.has(word) && !hasParts(only))
      return fail(
        new GatewayError(
          'bad_upstream_response',
          `the model ended with ${word}: ${asString(only.finishMessage) ?? 'its call could not be read'}`,
          { phase: 'firstByte' },
        ),
      )
    start(wire)
    const extras = fresh(unread(wire, ROOT), told)
    if (extras) sink({ type: 'extras', dialect: 'gemini', members: extras })
    for (const [position, candidate] of candidates.entries()) onCandidate(candidate, position)
    if (isObject(wire.promptFeedback) && typeof wire.promptFeedback.blockReason === 'string') {
      blocked = wire.promptFeedback.blockReason
      if (candidates.length === 0) block(wire.promptFeedback)
    }
    if (wire.usageMetadata === undefined) return
    counts = mergeUsage(counts, wire.usageMetadata)
    const usage = decodeUsage(counts)
    if (usage) sink({ type: 'usage', usage })
  }

  /** A prompt that was refused has no candidate: the refusal is the answer. */
  const block = (feedback: JsonObject): void => {
    const at = state(0)
    if (at.next > 0) return
    const said = asString(feedback.blockReasonMessage) ?? `The prompt was blocked: ${blocked ?? ''}`
    refuse(0, at, said)
    at.word = blocked
  }

  const refuse = (choice: number, at: ChoiceState, said: string): void => {
    closeOpen(choice, at)
    const part = at.next++
    sink({ type: 'open', choice, part, open: { kind: 'refusal' } })
    sink({ type: 'delta', choice, part, text: said })
    // Said about the answer, not in it: in this dialect it stands elsewhere.
    sink({ type: 'close', choice, part, origin: { dialect: 'gemini', shape: { aside: true } } })
  }

  const end = (): void => {
    if (over) return
    if (!started || choices.size === 0)
      return fail(
        started && !whole
          ? new GatewayError('stream_interrupted', 'the stream ended before its first candidate', {
              phase: 'stream',
            })
          : new GatewayError('bad_upstream_response', 'the upstream answered 200 without candidates'),
      )
    if (!whole && [...choices.values()].some((at) => at.word === undefined))
      return fail(
        new GatewayError('stream_interrupted', 'the stream ended without a finish reason', {
          phase: 'stream',
        }),
      )
    for (const [choice, at] of [...choices].sort((a, b) => a[0] - b[0])) {
      endPartial(choice, at)
      closeOpen(choice, at)
      const finish =
        at.word !== undefined && at.word === blocked && choices.size === 1
          ? { reason: 'content_filter' as const, raw: at.word }
          : decodeFinish(at.word, at.called, at.message)
      if (finish.reason === 'content_filter' && typeof at.message === 'string' && at.message !== '')
        refuse(choice, at, at.message)
      sink({ type: 'finish', choice, finish })
    }
    over = true
    sink({ type: 'end' })
  }

  return { chunk, fail, end }
}

function hasParts(candidate: JsonObject): boolean {
  return (
    isObject(candidate.content) &&
    Array.isArray(candidate.content.parts) &&
    candidate.content.parts.length > 0
  )
}

/** Members not told yet, or told otherwise. */
function fresh(members: JsonObject, told: JsonObject): JsonObject | undefined {
  let out: JsonObject | undefined
  for (const [key, value] of Object.entries(members)) {
    if (JSON.stringify(told[key]) === JSON.stringify(value)) continue
    told[key] = value
    out ??= {}
    out[key] = value
  }
  return out
}
