// Chat chunks to events. Hosts deviate in every way there is (no role, no index, names repeated, ids empty, finish
// twice, usage anywhere); what is established once here is the grammar of core/event.ts.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { EventSink, StreamEvent } from '../../core/event.ts'
import { type Json, type JsonObject, asArray, asNumber, isObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import type { Part, ReasoningPart } from '../../core/part.ts'
import type { Finish } from '../../core/response.ts'
import { errorInside } from './error.ts'
import { decodeFinish } from './finish.ts'
import { urlSource } from '../../core/data-url.ts'
import { usageIn } from './meter.ts'
import { rest, unreadMembers } from './members.ts'
import { type Source, numberedCitations, sourcesIn } from './numbered-citations.ts'
import { joinDetails, sealOfDetails, textOfDetails } from './reasoning-details.ts'
import { contentOf, decodeCitation, opaque } from './response.ts'
import { type ThinkSplitter, thinkSplitter } from './think-tags.ts'
import { thoughtSeal } from './thought-signature.ts'
import { thinkingParts } from './thinking-blocks.ts'
import { workersAiFrames } from './workers-ai.ts'
import { decodeUsage } from '../openai-family/usage.ts'
import { LikeLast } from '../../wire/like-last.ts'

const CHUNK = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'obfuscation', 'x_groq'])
const DELTA = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'images',
  'audio',
])
const CHOICE = new Set(['index', 'delta', 'finish_reason', 'logprobs', 'text', 'usage'])

interface Call {
  part: number
  id: string
  open: boolean
  /** The name, once known; arguments that come before it wait here. */
  name: string
  waiting: string
  custom: boolean
  sealed?: Seal
  /** Members of its first delta that nobody reads: later ones add to its arguments alone. */
  unread: JsonObject | undefined
}

interface ChoiceState {
  next: number
  /** The open text-like part, and what it is. */
  open?: { part: number; kind: 'text' | 'refusal' | 'reasoning' }
  /** Where marks in it are to be found: the text of the open part, and the length of those before. */
  said?: string
  before: number
  lastText?: number
  calls: Map<string, Call>
  lastCall?: Call
  finish?: Finish
  audio?: JsonObject
  /** Pieces of `reasoning_details`, and how many were sealed into a part already. */
  details: JsonObject[]
  sealed?: string
  think?: ThinkSplitter
}

export function decoder(quirks: Quirks, told: EventSink): StreamDecoder {
  // How many events came of the chunk under way, and the last of them.
  let events = 0
  let latest: StreamEvent | undefined
  const sink: EventSink = (event) => {
    events++
    latest = event
    told(event)
  }
  const like = new LikeLast('content')
  let started = false
  let over = false
  let done = false
  const choices = new Map<number, ChoiceState>()
  const extras: JsonObject = {}
  let sources: readonly Source[] = []
  const framed = quirks.frames === 'cloudflare' ? workersAiFrames() : undefined

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }

  const state = (index: number): ChoiceState => {
    let found = choices.get(index)
    if (!found) {
      found = { next: 0, before: 0, calls: new Map(), details: [] }
      choices.set(index, found)
    }
    return found
  }

  const closeOpen = (choice: number, at: ChoiceState): void => {
    if (!at.open) return
    const { kind, part } = at.open
    delete at.open
    if (kind === 'text' && at.said !== undefined) {
      for (const citation of numberedCitations(at.said, sources, at.before))
        sink({ type: 'citation', choice, part, citation })
      at.before += at.said.length
      delete at.said
    }
    if (kind !== 'reasoning' || at.details.length === 0) return sink({ type: 'close', choice, part })
    const sealed = sealOfDetails(at.details)
    at.sealed = sealed.value
    sink({ type: 'close', choice, part, sealed })
  }

  /** Signatures may come after the reasoning they sign: they get an empty part of their own. */
  const lateDetails = (choice: number, at: ChoiceState): void => {
    if (at.details.length === 0) return
    const sealed = sealOfDetails(at.details)
    if (sealed.value === at.sealed) return
    const part = at.next++
    sink({ type: 'open', choice, part, open: { kind: 'reasoning' } })
    sink({ type: 'close', choice, part, sealed })
  }

  /** A signed block comes once its text has passed as readable reasoning; a redacted one comes alone. */
  const signed = (choice: number, at: ChoiceState, { text: said, redacted, sealed }: ReasoningPart): void => {
    if (!sealed || sealed.value === '') return
    let part = at.open?.kind === 'reasoning' && redacted !== true ? at.open.part : undefined
    if (part === undefined) {
      closeOpen(choice, at)
      part = at.next++
      sink({
        type: 'open',
        choice,
        part,
        open: { kind: 'reasoning', ...(redacted === true ? { redacted } : {}) },
      })
      if (said !== '') sink({ type: 'delta', choice, part, text: said })
    } else delete at.open
    sink({ type: 'close', choice, part, sealed })
  }

  const content = (choice: number, at: ChoiceState, fragment: string): void => {
    if (quirks.thinkTags !== true) return text(choice, at, 'text', fragment)
    at.think ??= thinkSplitter((kind, piece) => text(choice, at, kind, piece))
    at.think.push(fragment)
  }

  const text = (
    choice: number,
    at: ChoiceState,
    kind: 'text' | 'refusal' | 'reasoning',
    fragment: string,
  ): void => {
    if (fragment === '') return
    if (at.open?.kind !== kind) {
      closeOpen(choice, at)
      at.open = { part: at.next++, kind }
      if (kind === 'text') at.lastText = at.open.part
      sink({ type: 'open', choice, part: at.open.part, open: { kind } })
    }
    if (kind === 'text' && quirks.citations === 'numbered') at.said = (at.said ?? '') + fragment
    sink({ type: 'delta', choice, part: at.open.part, text: fragment })
  }

  const whole = (choice: number, at: ChoiceState, value: Part): void => {
    closeOpen(choice, at)
    const part = at.next++
    sink({ type: 'open', choice, part, open: { kind: 'whole', value } })
    sink({ type: 'close', choice, part })
  }

  const openCall = (choice: number, call: Call): void => {
    if (call.open) return
    call.open = true
    const id = call.id === '' ? `call_${choice}_${call.part}` : call.id
    sink({
      type: 'open',
      choice,
      part: call.part,
      open: {
        kind: 'tool_call',
        id,
        name: call.name,
        ...(call.custom ? { custom: true } : {}),
        ...(call.sealed ? { sealed: call.sealed } : {}),
      },
    })
    if (call.waiting !== '') sink({ type: 'delta', choice, part: call.part, text: call.waiting })
    call.waiting = ''
  }

  const toolDelta = (choice: number, at: ChoiceState, wire: JsonObject): void => {
    const custom = isObject(wire.custom)
    const inner = custom ? (wire.custom as JsonObject) : isObject(wire.function) ? wire.function : {}
    const id = typeof wire.id === 'string' ? wire.id : ''
    const index = asNumber(wire.index)
    // Without an index, a new non-empty id is a new call and anything else continues the last one. With one, a
    // different id at the same index is a new call too (hosts that say 0 for all of them).
    let call: Call | undefined
    if (index === undefined) call = id !== '' && id !== at.lastCall?.id ? undefined : at.lastCall
    else {
      call = at.calls.get(String(index))
      if (
        call &&
        id !== '' &&
        call.id !== '' &&
        call.id !== id &&
        typeof inner.name === 'string' &&
        inner.name !== ''
      )
        call = undefined
    }
    if (!call) {
      // A last frame of nulls (Cloudflare) says nothing and begins nothing.
      if (id === '' && (inner.name ?? '') === '' && (inner.arguments ?? inner.input ?? '') === '') return
      closeOpen(choice, at)
      call = {
        part: at.next++,
        id,
        open: false,
        name: '',
        waiting: '',
        custom,
        unread: unreadIn(wire, inner),
      }
      at.calls.set(index === undefined ? `id ${at.next}` : String(index), call)
      all.push([choice, call])
    }
    at.lastCall = call
    const sealed = thoughtSeal(wire)
    if (sealed) call.sealed = sealed
    if (call.id === '' && id !== '') call.id = id
    // A name repeated in later deltas is replaced, not appended; the first one counts.
    if (call.name === '' && typeof inner.name === 'string') call.name = inner.name
    const given = custom ? inner.input : inner.arguments
    const fragment = typeof given === 'string' ? given : isObject(given) ? JSON.stringify(given) : ''
    if (!call.open) {
      call.waiting += fragment
      if (call.name !== '') openCall(choice, call)
    } else if (fragment !== '') sink({ type: 'delta', choice, part: call.part, text: fragment })
  }
  const all: [number, Call][] = []

  const delta = (choice: number, at: ChoiceState, wire: JsonObject): void => {
    const reasoning = typeof wire.reasoning_content === 'string' ? wire.reasoning_content : wire.reasoning
    if (Array.isArray(wire.reasoning_details)) {
      // Ahead of the text that it repeats: a caller of Chat gets both in one delta again.
      const members = { reasoning_details: wire.reasoning_details }
      sink({ type: 'extras', dialect: 'openai-chat', choice, members })
      joinDetails(at.details, wire.reasoning_details)
      if (typeof reasoning !== 'string') text(choice, at, 'reasoning', textOfDetails(wire.reasoning_details))
    }
    if (typeof reasoning === 'string') text(choice, at, 'reasoning', reasoning)
    for (const part of thinkingParts(wire.thinking_blocks) ?? []) signed(choice, at, part)
    if (typeof wire.content === 'string') content(choice, at, wire.content)
    else if (Array.isArray(wire.content))
      for (const part of contentOf(wire.content)) {
        if (part.kind === 'opaque') whole(choice, at, part)
        else text(choice, at, part.kind, part.text)
        if (part.kind !== 'opaque' && part.origin?.extras)
          sink({ type: 'extras', dialect: 'openai-chat', choice, members: part.origin.extras })
      }
    if (typeof wire.refusal === 'string') text(choice, at, 'refusal', wire.refusal)
    if (Array.isArray(wire.annotations) && wire.annotations.length > 0) {
      if (at.open?.kind !== 'text') {
        closeOpen(choice, at)
        at.open = { part: at.next++, kind: 'text' }
        sink({ type: 'open', choice, part: at.open.part, open: { kind: 'text' } })
      }
      for (const annotation of wire.annotations)
        sink({ type: 'citation', choice, part: at.open.part, citation: decodeCitation(annotation) })
    }
    if (Array.isArray(wire.images))
      for (const image of wire.images) {
        const url = isObject(image) && isObject(image.image_url) ? image.image_url.url : undefined
        if (typeof url === 'string')
          whole(choice, at, { kind: 'media', media: 'image', source: urlSource(url) })
        else whole(choice, at, opaque('image', image))
      }
    if (isObject(wire.audio) && wire.audio.id !== '') at.audio = mergeAudio(at.audio, wire.audio)
    if (Array.isArray(wire.tool_calls))
      for (const call of wire.tool_calls) if (isObject(call)) toolDelta(choice, at, call)
    // Old TGI streams one object in place of a list.
    if (isObject(wire.tool_calls)) toolDelta(choice, at, { index: 0, ...wire.tool_calls })
    const legacy = wire.function_call
    if (isObject(legacy) && (legacy.name !== '' || legacy.arguments !== ''))
      toolDelta(choice, at, {
        index: 0,
        id: `legacy_${typeof legacy.name === 'string' ? legacy.name : ''}`,
        function: legacy,
      })
    const unread = unreadMembers(wire, DELTA)
    if (unread) sink({ type: 'extras', dialect: 'openai-chat', choice, members: unread })
  }

  const chunk = (given: JsonObject): void => {
    const inside = errorInside(given)
    if (inside) return fail(inside)
    const wire = framed ? framed(given) : given
    if (quirks.citations === 'numbered') sources = sourcesIn(wire) ?? sources
    const list = asArray(wire.choices) ?? []
    if (!started) {
      // Azure opens with a chunk of empty id and model that only carries filter results.
      const named = typeof wire.id === 'string' && wire.id !== ''
      if (!named && list.length === 0 && wire.usage === undefined) {
        Object.assign(extras, rest(wire, CHUNK))
        extrasWait = true
        return
      }
      started = true
      sink({
        type: 'start',
        id: typeof wire.id === 'string' ? wire.id : '',
        model: typeof wire.model === 'string' ? wire.model : '',
        created: asNumber(wire.created) ?? 0,
      })
    }
    tellExtras(unreadMembers(wire, CHUNK))
    for (const [position, entry] of list.entries()) {
      if (!isObject(entry)) continue
      const choice = asNumber(entry.index) ?? position
      const at = state(choice)
      if (isObject(entry.delta) && !at.finish) delta(choice, at, entry.delta)
      else if (isObject(entry.delta)) late(choice, at, entry.delta)
      if (isObject(entry.logprobs)) {
        const { content, refusal } = entry.logprobs
        if (Array.isArray(content) || Array.isArray(refusal))
          sink({
            type: 'logprobs',
            choice,
            ...(Array.isArray(content) ? { content } : {}),
            ...(Array.isArray(refusal) ? { refusal } : {}),
          })
      }
      const more = unreadMembers(entry, CHOICE)
      if (more) sink({ type: 'extras', dialect: 'openai-chat', choice, members: more })
      if (typeof entry.finish_reason === 'string' && entry.finish_reason !== '')
        at.finish = decodeFinish(entry.finish_reason)
    }
    const usage = decodeUsage(usageIn(wire), quirks)
    if (usage) sink({ type: 'usage', usage })
  }

  /** Members of the answer are repeated in every chunk: each value is told once. */
  const tellExtras = (unread: JsonObject | undefined): void => {
    if (!unread && !extrasWait) return
    extrasWait = false
    let fresh: JsonObject | undefined
    for (const [key, value] of Object.entries({ ...extras, ...unread })) {
      if (value === undefined || value === null || known[key] === value) continue
      if (typeof value === 'object' && JSON.stringify(known[key]) === JSON.stringify(value)) continue
      fresh ??= {}
      fresh[key] = known[key] = value
    }
    if (fresh) sink({ type: 'extras', dialect: 'openai-chat', members: fresh })
  }
  const known: JsonObject = {}
  let extrasWait = false

  /** Content after the finish word is rare but real (audio's last fragment); nothing is thrown away. */
  const late = (choice: number, at: ChoiceState, wire: JsonObject): void => {
    const meaningful = Object.entries(wire).some(
      ([key, value]) =>
        key !== 'role' && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
    )
    if (meaningful) delta(choice, at, wire)
  }

  const finishAll = (): void => {
    if (!started) return fail(new GatewayError('bad_upstream_response', 'the stream carried no chunk'))
    if (choices.size === 0 && !done)
      return fail(new GatewayError('stream_interrupted', 'the stream ended before its first choice'))
    const unfinished = [...choices.values()].some((at) => !at.finish)
    // Without a finish word only the explicit [DONE] says that this was all (Snowflake streams end so).
    if (unfinished && !done)
      return fail(
        new GatewayError('stream_interrupted', 'the stream ended without a finish reason', {
          phase: 'stream',
        }),
      )
    for (const [choice, at] of [...choices].sort((a, b) => a[0] - b[0])) {
      at.think?.end()
      closeOpen(choice, at)
      lateDetails(choice, at)
      if (at.audio)
        whole(choice, at, { kind: 'opaque', dialect: 'openai-chat', type: 'audio', value: at.audio })
      for (const [owner, call] of all)
        if (owner === choice) {
          openCall(choice, call)
          sink({
            type: 'close',
            choice,
            part: call.part,
            ...(call.sealed ? { sealed: call.sealed } : {}),
            ...(call.unread ? { origin: { dialect: 'openai-chat', extras: call.unread } } : {}),
          })
        }
      const called = at.calls.size > 0
      sink({
        type: 'finish',
        choice,
        // A finish word of "stop" beside calls is unreliable there.
        finish:
          at.finish && !(framed && called && at.finish.reason === 'stop')
            ? at.finish
            : { reason: called ? 'tool_calls' : 'stop', raw: at.finish?.raw ?? null },
      })
    }
    over = true
    sink({ type: 'end' })
  }

  /** A chunk that did nothing but add text to an open part is the pattern for the next one. */
  const learn = (data: string): void => {
    if (latest?.type !== 'delta' || quirks.thinkTags === true) return
    const at = choices.get(latest.choice)
    if (at?.open?.kind !== 'text' || at.open.part !== latest.part || at.finish) return
    alike = { choice: latest.choice, at }
    like.learn(data, latest.text)
  }
  const again = (fragment: string): void => {
    const { choice, at } = alike as { choice: number; at: ChoiceState }
    text(choice, at, 'text', fragment)
  }
  let alike: { choice: number; at: ChoiceState } | undefined

  return {
    frame({ event, data }: Frame) {
      if (over || done) return
      if (data === '[DONE]') {
        done = true
        return finishAll()
      }
      const more = like.read(data)
      if (more !== undefined) return again(more)
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch (cause) {
        return fail(
          new GatewayError('bad_upstream_response', `a stream event is not JSON: ${data.slice(0, 120)}`, {
            cause,
          }),
        )
      }
      // A final null stands for nothing at Cloudflare.
      if (wire === null && framed) return
      if (!isObject(wire))
        return fail(new GatewayError('bad_upstream_response', 'a stream event is no JSON object'))
      if (event === 'error' && wire.error === undefined)
        return fail(errorInside({ error: wire }) as GatewayError)
      events = 0
      chunk(wire)
      if (events === 1) learn(data)
    },
    end() {
      if (!over) finishAll()
    },
  }
}

const CALL = new Set(['index', 'id', 'type', 'function', 'custom', 'extra_content'])
const INNER = new Set(['name', 'arguments', 'input'])

function unreadIn(wire: JsonObject, inner: JsonObject): JsonObject | undefined {
  const outer = unreadMembers(wire, CALL)
  const more = unreadMembers(inner, INNER)
  return outer || more ? { ...outer, ...more } : undefined
}

/** Audio comes as fragments of data and transcript under one id. */
function mergeAudio(before: JsonObject | undefined, wire: JsonObject): JsonObject {
  const merged: JsonObject = { ...before, ...wire }
  for (const key of ['data', 'transcript'] as const)
    if (typeof before?.[key] === 'string' && typeof wire[key] === 'string')
      merged[key] = `${before[key]}${wire[key]}`
  return merged
}
