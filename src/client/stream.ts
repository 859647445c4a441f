// A streamed answer as an application reads it: typed events to iterate, and the accumulated message at the end. A
// stream that breaks, or ends before its end, throws; nothing is ever taken for a whole answer that is not one.

import { collector } from '../core/collect.ts'
import { GatewayError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Citation } from '../core/part.ts'
import type { FinishReason, GenerationResponse } from '../core/response.ts'
import type { Usage } from '../core/usage.ts'
import { type ChatAnswer, type ToolCall, toolCall } from './answer.ts'

export type ClientEvent =
  | { type: 'start'; id: string; model: string }
  | { type: 'text'; text: string; choice: number }
  | { type: 'reasoning'; text: string; choice: number }
  | { type: 'refusal'; text: string; choice: number }
  /** The model has begun to write a call. */
  | { type: 'tool_call_start'; id: string; name: string; choice: number }
  | { type: 'tool_call_delta'; id: string; text: string; choice: number }
  /** The call is complete, its arguments put together. */
  | { type: 'tool_call'; call: ToolCall; choice: number }
  | { type: 'citation'; citation: Citation; choice: number }
  /** Once, just before the end, where the upstream reports it. */
  | { type: 'usage'; usage: Usage }
  /** Exactly once, the last. */
  | { type: 'end'; finishReason: FinishReason; answer: ChatAnswer }

export interface ChatStream extends AsyncIterable<ClientEvent> {
  /** The accumulated answer; reads the stream to its end where nobody iterates it. */
  final(): Promise<ChatAnswer>
  /** Pieces of the first choice's text only. */
  text(): AsyncIterable<string>
  /** Closes the connection at once; the iteration throws the reason. */
  abort(reason?: unknown): void
}

/** Longest text and longest arguments of one answer, in UTF-16 code units (requirement R-004-15). */
const MOST_TEXT = 8 * 1024 * 1024
const MOST_ARGUMENTS = 4 * 1024 * 1024

/** From canonical events to the application's: what is still open, what comes last. */
export function eventMapper(
  finish: (response: GenerationResponse) => ChatAnswer,
): (event: StreamEvent) => ClientEvent[] {
  const fold = collector()
  const open = new Map<string, { kind: string; id: string; name: string; arguments: string }>()
  let usage: Usage | undefined
  let text = 0
  let written = 0
  const cap = (size: number, most: number, what: string): void => {
    if (size > most)
      throw new GatewayError(
        'bad_upstream_response',
        `the ${what} of one answer are larger than ${most} characters`,
      )
  }
  return (event) => {
    fold.event(event)
    const key = 'part' in event ? `${event.choice} ${event.part}` : ''
    switch (event.type) {
      case 'start':
        return [{ type: 'start', id: event.id, model: event.model }]
      case 'open': {
        const { choice } = event
        if (event.open.kind === 'whole') return []
        const call = event.open.kind === 'tool_call' ? event.open : undefined
        open.set(key, { kind: event.open.kind, id: call?.id ?? '', name: call?.name ?? '', arguments: '' })
        return call ? [{ type: 'tool_call_start', id: call.id, name: call.name, choice }] : []
      }
      case 'delta': {
        const part = open.get(key)
        if (!part || event.text === '') return []
        if (part.kind === 'tool_call') {
          cap((written += event.text.length), MOST_ARGUMENTS, 'arguments')
          part.arguments += event.text
          return [{ type: 'tool_call_delta', id: part.id, text: event.text, choice: event.choice }]
        }
        cap((text += event.text.length), MOST_TEXT, 'texts')
        const type = part.kind === 'reasoning' || part.kind === 'refusal' ? part.kind : 'text'
        return [{ type, text: event.text, choice: event.choice }]
      }
      case 'citation':
        return [{ type: 'citation', citation: event.citation, choice: event.choice }]
      case 'close': {
        const part = open.get(key)
        open.delete(key)
        if (part?.kind !== 'tool_call') return []
        return [
          { type: 'tool_call', call: toolCall(part.id, part.name, part.arguments), choice: event.choice },
        ]
      }
      case 'usage':
        usage = event.usage
        return []
      case 'end': {
        const answer = finish(fold.response())
        const end: ClientEvent = { type: 'end', finishReason: answer.finishReason, answer }
        return usage ? [{ type: 'usage', usage }, end] : [end]
      }
      case 'finish':
      case 'logprobs':
      case 'extras':
      case 'unread':
      case 'failure':
        return []
      default:
        return event satisfies never
    }
  }
}

/** @param events the events in order; returning early closes the connection. */
export function chatStream(
  events: AsyncGenerator<ClientEvent, void>,
  stop: (reason: unknown) => void,
): ChatStream {
  const { promise, resolve, reject } = Promise.withResolvers<ChatAnswer>()
  // Who only iterates hears of a failure there; the promise is for who asks for it.
  promise.catch(() => {})
  let taken = false
  let ended = false

  async function* read(): AsyncGenerator<ClientEvent, void> {
    if (taken) throw new Error('a stream can be read only once')
    taken = true
    try {
      for await (const event of events) {
        if (event.type === 'end') {
          ended = true
          resolve(event.answer)
        }
        yield event
      }
    } catch (thrown) {
      reject(thrown)
      throw thrown
    } finally {
      if (!ended) {
        // The reader left the loop early, or the stream broke: the connection must not stay open either way.
        const left = new DOMException('the stream was left before its end', 'AbortError')
        stop(left)
        reject(left)
      }
    }
  }

  const iterate = read()
  return {
    [Symbol.asyncIterator]: () => (taken ? read() : iterate),
    async final() {
      if (!taken) for await (const event of iterate) if (event.type === 'end') break
      return promise
    },
    async *text() {
      for await (const event of iterate) if (event.type === 'text' && event.choice === 0) yield event.text
    },
    abort(reason) {
      stop(reason ?? new DOMException('the stream was aborted', 'AbortError'))
    },
  }
}
