// Events to Ollama's lines. Arguments are objects there, so a call is held until it is complete; counts come with the
// last line. One choice only: fragments of any other have no place.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Finish } from '../../core/response.ts'
import type { Usage } from '../../core/usage.ts'
import { callOf, head, isImage, wordsOf } from './answer-encode.ts'
import { failureLine } from './error.ts'
import { encodeFinish } from './finish.ts'
import { type Form, isOwn } from './form.ts'
import { encodeUsage } from './usage.ts'

export function encoder(form: Form, context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let start = head(context, 0)
  let finish: Finish = { reason: 'stop' }
  let usage: Usage | undefined
  let calls = 0
  let extras: JsonObject = {}
  const parts = new Map<
    number,
    { kind: string; id: string; name: string; arguments: string; custom: boolean }
  >()

  const line = (words: JsonObject, rest: JsonObject): void => {
    write(`${JSON.stringify({ ...start, ...wordsOf(form, words), ...rest })}\n`)
  }
  const say = (words: JsonObject): void => line(words, { done: false })

  return {
    event(event) {
      if ('choice' in event && event.choice !== undefined && event.choice !== 0) return
      switch (event.type) {
        case 'start':
          start = head(context, event.created)
          return
        case 'open':
          if (event.open.kind === 'whole') {
            if (isImage(event.open.value)) say({ images: [event.open.value.source.data] })
            return
          }
          parts.set(event.part, {
            kind: event.open.kind,
            id: event.open.kind === 'tool_call' ? event.open.id : '',
            name: event.open.kind === 'tool_call' ? event.open.name : '',
            arguments: '',
            custom: event.open.kind === 'tool_call' && event.open.custom === true,
          })
          return
        case 'delta': {
          const part = parts.get(event.part)
          if (part?.kind === 'tool_call') part.arguments += event.text
          else if (part?.kind === 'reasoning') say({ thinking: event.text })
          else if (part) say({ content: event.text })
          return
        }
        case 'close': {
          const part = parts.get(event.part)
          parts.delete(event.part)
          if (part?.kind === 'tool_call') say({ tool_calls: [callOf(part, calls++)] })
          return
        }
        case 'finish':
          finish = event.finish
          return
        case 'usage':
          usage = event.usage
          return
        case 'logprobs':
          if (event.content) line({}, { logprobs: event.content, done: false })
          return
        case 'extras':
          if (event.choice === undefined && isOwn(event.dialect)) extras = { ...extras, ...event.members }
          return
        case 'citation':
          return
        case 'unread':
          return
        case 'failure':
          write(failureLine(event.error, context.id))
          return
        case 'end':
          line({}, { done: true, done_reason: encodeFinish(finish), ...encodeUsage(usage), ...extras })
          return
        default:
          event satisfies never
      }
    },
  }
}
