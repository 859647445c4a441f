// Events to completion chunks: text and refusals are the text, anything else has no place.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'
import { failureFrame } from '../openai-family/error.ts'
import { encodeUsage } from '../openai-family/usage.ts'
import { encodeFinish } from './finish.ts'
import { encodeLogprobs } from './logprobs.ts'
import { echoOf } from './response.ts'

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  const echo = echoOf(context)
  let head: JsonObject = {}
  let usage: Usage | undefined
  /** Length of the text so far, by choice; its presence says that the echo was sent. */
  const lengths = new Map<number, number>()
  const texts = new Set<string>()

  const chunk = (choice: number, text: string, finish: string | null, logprobs: JsonObject | null): void => {
    const before = lengths.get(choice)
    const shown = before === undefined ? echo + text : text
    lengths.set(choice, (before ?? 0) + shown.length)
    const body: JsonObject = {
      ...head,
      choices: [{ text: shown, index: choice, logprobs, finish_reason: finish }],
      ...(context.includeUsage ? { usage: null } : {}),
    }
    write(`data: ${JSON.stringify(body)}\n\n`)
  }

  return {
    event(event) {
      switch (event.type) {
        case 'start':
          head = {
            id: event.id === '' ? `cmpl-${context.id}` : event.id,
            object: 'text_completion',
            created: event.created === 0 ? context.created : event.created,
            model: context.model,
          }
          return
        case 'open':
          if (event.open.kind === 'text' || event.open.kind === 'refusal')
            texts.add(`${event.choice}/${event.part}`)
          return
        case 'delta':
          if (texts.has(`${event.choice}/${event.part}`)) chunk(event.choice, event.text, null, null)
          return
        case 'logprobs':
          if (event.content)
            chunk(event.choice, '', null, encodeLogprobs(event.content, lengths.get(event.choice) ?? 0))
          return
        case 'finish':
          chunk(event.choice, '', encodeFinish(event.finish), null)
          return
        case 'usage':
          usage = event.usage
          return
        case 'close':
        case 'citation':
        case 'extras':
        case 'unread':
          return
        case 'failure':
          write(failureFrame(event.error, context.id))
          return
        case 'end':
          if (context.includeUsage && usage)
            write(`data: ${JSON.stringify({ ...head, choices: [], usage: encodeUsage(usage) })}\n\n`)
          write('data: [DONE]\n\n')
          return
        default:
          event satisfies never
      }
    },
  }
}
