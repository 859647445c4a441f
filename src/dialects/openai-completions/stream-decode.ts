// Completion chunks to events: one text per choice.

import type { Frame, Quirks, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { EventSink } from '../../core/event.ts'
import { type Json, type JsonObject, asNumber, asString, isObject } from '../../core/json.ts'
import type { Finish } from '../../core/response.ts'
import { errorInside } from '../openai-family/error.ts'
import { unreadMembers } from '../openai-family/members.ts'
import { decodeUsage } from '../openai-family/usage.ts'
import { decodeFinish } from './finish.ts'
import { decodeLogprobs } from './logprobs.ts'
import { textOf } from './response.ts'

const CHUNK = new Set(['id', 'object', 'created', 'model', 'choices', 'usage', 'obfuscation'])
const CHOICE = new Set(['index', 'text', 'message', 'delta', 'finish_reason', 'logprobs'])

interface ChoiceState {
  open: boolean
  finish?: Finish
}

export function decoder(quirks: Quirks, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let told = false
  const choices = new Map<number, ChoiceState>()

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }

  const chunk = (wire: JsonObject): void => {
    const inside = errorInside(wire)
    if (inside) return fail(inside)
    if (!started) {
      started = true
      sink({
        type: 'start',
        id: asString(wire.id) ?? '',
        model: asString(wire.model) ?? '',
        created: asNumber(wire.created) ?? 0,
      })
    }
    // They are the same in every chunk.
    if (!told) {
      told = true
      const members = unreadMembers(wire, CHUNK)
      if (members) sink({ type: 'extras', dialect: 'openai-completions', members })
    }
    for (const entry of Array.isArray(wire.choices) ? wire.choices : []) {
      if (!isObject(entry)) continue
      const choice = asNumber(entry.index) ?? 0
      const at = choices.get(choice) ?? { open: false }
      choices.set(choice, at)
      const text = textOf(entry)
      if (text !== '') {
        if (!at.open) sink({ type: 'open', choice, part: 0, open: { kind: 'text' } })
        at.open = true
        sink({ type: 'delta', choice, part: 0, text })
      }
      const more = unreadMembers(entry, CHOICE)
      if (more) sink({ type: 'extras', dialect: 'openai-completions', choice, members: more })
      const logprobs = decodeLogprobs(entry.logprobs)
      if (logprobs) sink({ type: 'logprobs', choice, content: logprobs })
      if (typeof entry.finish_reason === 'string' && entry.finish_reason !== '')
        at.finish = decodeFinish(entry.finish_reason)
    }
    const usage = decodeUsage(wire.usage, quirks)
    if (usage) sink({ type: 'usage', usage })
  }

  const finish = (done: boolean): void => {
    if (over) return
    if (!started) return fail(new GatewayError('bad_upstream_response', 'the stream carried no chunk'))
    if (!done && [...choices.values()].some((at) => !at.finish))
      return fail(
        new GatewayError('stream_interrupted', 'the stream ended without a finish reason', {
          phase: 'stream',
        }),
      )
    for (const [choice, at] of [...choices].sort((a, b) => a[0] - b[0])) {
      if (at.open) sink({ type: 'close', choice, part: 0 })
      sink({ type: 'finish', choice, finish: at.finish ?? { reason: 'stop', raw: null } })
    }
    over = true
    sink({ type: 'end' })
  }

  return {
    frame({ data }: Frame) {
      if (over) return
      if (data === '[DONE]') return finish(true)
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
      if (isObject(wire)) chunk(wire)
      else fail(new GatewayError('bad_upstream_response', 'a stream event is no JSON object'))
    },
    end: () => finish(false),
  }
}
