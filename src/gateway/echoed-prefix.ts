// Mistral repeats the assistant turn that it was asked to go on from; a caller wants what follows it.

import type { GenerationRequest } from '../core/request.ts'
import type { AnswerFilter } from './answer-filter.ts'

/** Undefined where the conversation ends with anything but an assistant's text. */
export function echoedPrefix(request: GenerationRequest): AnswerFilter | undefined {
  const last = request.messages.at(-1)
  if (last?.role !== 'assistant') return undefined
  const prefix = last.parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('')
  if (prefix === '') return undefined
  // By choice: its first text part, and what of it may yet be the prefix; undefined once that is decided.
  const choices = new Map<number, { part: number; held: string | undefined }>()
  return (event, next) => {
    if (event.type === 'open' && event.open.kind === 'text' && !choices.has(event.choice))
      choices.set(event.choice, { part: event.part, held: '' })
    if (event.type !== 'delta' && event.type !== 'close') return next(event)
    const at = choices.get(event.choice)
    if (at?.held === undefined || at.part !== event.part) return next(event)
    const text = at.held + (event.type === 'delta' ? event.text : '')
    if (event.type === 'delta' && text.length < prefix.length && prefix.startsWith(text)) {
      at.held = text
      return
    }
    at.held = undefined
    const rest = text.startsWith(prefix) ? text.slice(prefix.length) : text
    if (rest !== '') next({ type: 'delta', choice: event.choice, part: event.part, text: rest })
    if (event.type === 'close') next(event)
  }
}
