// Canonical events to Chat v2 events. Every event carries its type twice: as SSE name and as member.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { sseFrame } from '../../wire/sse.ts'
import { failureFrame } from './error.ts'
import { finishWord } from './finish.ts'
import { ID } from './own.ts'
import { encodeUsage } from './usage.ts'

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let finish: Finish = { reason: 'unknown' }
  let usage: Usage | undefined
  let own = false
  let extras: JsonObject = {}
  let contents = 0
  let calls = 0
  const open = new Map<number, { kind: 'text' | 'reasoning' | 'tool_call'; index: number }>()

  const emit = (type: string, members: JsonObject): void =>
    write(sseFrame(type, JSON.stringify({ type, ...members })))
  const message = (members: JsonObject): { delta: JsonObject } => ({ delta: { message: members } })

  return {
    event(event) {
      // An answer is one message: further choices have no place on this wire.
      if ('choice' in event && event.choice !== undefined && event.choice !== 0) return
      switch (event.type) {
        case 'start':
          own = event.origin?.dialect === ID
          extras = own ? { ...event.origin?.extras } : {}
          return emit('message-start', {
            id: event.id === '' ? context.id : event.id,
            ...message({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }),
          })
        case 'open': {
          const given = event.open
          if (given.kind === 'whole') return
          if (given.kind === 'tool_call') {
            open.set(event.part, { kind: 'tool_call', index: calls })
            const call = { id: given.id, type: 'function', function: { name: given.name, arguments: '' } }
            return emit('tool-call-start', { index: calls++, ...message({ tool_calls: call }) })
          }
          const kind = given.kind === 'reasoning' ? 'reasoning' : 'text'
          open.set(event.part, { kind, index: contents })
          const piece = kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '' }
          return emit('content-start', { index: contents++, ...message({ content: piece }) })
        }
        case 'delta': {
          const at = open.get(event.part)
          if (!at) return
          const { index, kind } = at
          if (kind === 'tool_call')
            return emit('tool-call-delta', {
              index,
              ...message({ tool_calls: { function: { arguments: event.text } } }),
            })
          const piece: Json = kind === 'text' ? { text: event.text } : { thinking: event.text }
          return emit('content-delta', { index, ...message({ content: piece }) })
        }
        case 'citation':
          if (event.citation.dialect !== ID) return
          emit('citation-start', { index: 0, ...message({ citations: event.citation.raw }) })
          return emit('citation-end', { index: 0 })
        case 'close': {
          const at = open.get(event.part)
          if (!at) return
          return emit(at.kind === 'tool_call' ? 'tool-call-end' : 'content-end', { index: at.index })
        }
        case 'finish':
          finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'extras':
          if (event.dialect === ID) extras = { ...extras, ...event.members }
          return
        case 'logprobs':
          return
        case 'unread':
          return
        case 'failure':
          return write(failureFrame(event.error))
        case 'end':
          return emit('message-end', {
            delta: {
              finish_reason: finishWord(finish, calls > 0, own),
              usage: encodeUsage(usage),
              ...extras,
            },
          })
        default:
          event satisfies never
      }
    },
  }
}
