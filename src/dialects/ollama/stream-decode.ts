// Ollama's lines to events. Each line is a fragment; tool calls come whole; the line with `done` ends it.

import type { Frame, StreamDecoder } from '../../core/dialect.ts'
import { GatewayError } from '../../core/error.ts'
import type { EventSink } from '../../core/event.ts'
import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { createdAt, saidIn } from './answer-decode.ts'
import { errorInside } from './error.ts'
import { decodeFinish } from './finish.ts'
import { DIALECT, type Form } from './form.ts'
import { decodeUsage } from './usage.ts'

export function decoder(form: Form, sink: EventSink): StreamDecoder {
  let started = false
  let over = false
  let next = 0
  let calls = 0
  let open: { part: number; kind: 'text' | 'reasoning' } | undefined

  const fail = (error: GatewayError): void => {
    if (over) return
    over = true
    sink({ type: 'failure', error })
  }
  const close = (): void => {
    if (open) sink({ type: 'close', choice: 0, part: open.part })
    open = undefined
  }
  const text = (kind: 'text' | 'reasoning', fragment: string): void => {
    if (fragment === '') return
    if (open?.kind !== kind) {
      close()
      open = { part: next++, kind }
      sink({ type: 'open', choice: 0, part: open.part, open: { kind } })
    }
    sink({ type: 'delta', choice: 0, part: open.part, text: fragment })
  }

  const line = (wire: JsonObject): void => {
    const inside = errorInside(wire)
    if (inside) return fail(inside)
    if (!started) {
      started = true
      sink({ type: 'start', id: '', model: asString(wire.model) ?? '', created: createdAt(wire) })
    }
    const said = saidIn(wire, form, calls)
    text('reasoning', said.thinking)
    text('text', said.text)
    for (const value of said.images) {
      close()
      const part = next++
      sink({ type: 'open', choice: 0, part, open: { kind: 'whole', value } })
      sink({ type: 'close', choice: 0, part })
    }
    for (const call of said.calls) {
      close()
      calls++
      const part = next++
      if (call.kind === 'opaque') {
        sink({ type: 'open', choice: 0, part, open: { kind: 'whole', value: call } })
        sink({ type: 'close', choice: 0, part })
        continue
      }
      sink({ type: 'open', choice: 0, part, open: { kind: 'tool_call', id: call.id, name: call.name } })
      if (call.arguments !== '') sink({ type: 'delta', choice: 0, part, text: call.arguments })
      sink({ type: 'close', choice: 0, part, ...(call.origin ? { origin: call.origin } : {}) })
    }
    if (said.logprobs.length > 0) sink({ type: 'logprobs', choice: 0, content: said.logprobs })
    if (Object.keys(said.extras).length > 0)
      sink({ type: 'extras', dialect: DIALECT[form], members: said.extras })
    if (wire.done !== true) return
    close()
    sink({ type: 'finish', choice: 0, finish: decodeFinish(wire.done_reason, calls > 0) })
    const usage = decodeUsage(wire)
    if (usage) sink({ type: 'usage', usage })
    over = true
    sink({ type: 'end' })
  }

  return {
    frame({ data }: Frame) {
      if (over) return
      let wire: Json
      try {
        wire = JSON.parse(data) as Json
      } catch (cause) {
        return fail(
          new GatewayError('bad_upstream_response', `a stream line is not JSON: ${data.slice(0, 120)}`, {
            cause,
          }),
        )
      }
      if (!isObject(wire))
        return fail(new GatewayError('bad_upstream_response', 'a stream line is no JSON object'))
      line(wire)
    },
    end() {
      fail(
        started
          ? new GatewayError('stream_interrupted', 'the stream ended before its last line', {
              phase: 'stream',
            })
          : new GatewayError('bad_upstream_response', 'the stream carried no line'),
      )
    },
  }
}
