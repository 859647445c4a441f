// Reasoning of other vendors in a conversation with a Gemini client, which returns text and calls, and thoughts not at all.

import { expect, test } from 'vitest'
import { replay } from '../../core/collect.ts'
import { type JsonObject, isObject } from '../../core/json.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { gemini } from './index.ts'

const thought = (text: string): Part => ({
  kind: 'reasoning',
  text,
  sealed: { dialect: 'openai-responses', kind: 'encrypted', value: `state of ${text}` },
})
const said = (text: string): Part => ({ kind: 'text', text })
const CALL: Part = { kind: 'tool_call', id: 'call_0', name: 'look', arguments: '{}' }
const CONTEXT = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }

function returned(parts: Part[], stream: boolean): string[] {
  const response: GenerationResponse = {
    id: 'r',
    model: 'm',
    created: 0,
    choices: [{ index: 0, parts, finish: { reason: 'tool_calls' } }],
  }
  const bodies: JsonObject[] = []
  if (stream) {
    const pieces: string[] = []
    const encoder = gemini.stream.encoder(CONTEXT, (piece) => pieces.push(piece))
    replay(response, (event) => encoder.event(event))
    for (const [, data = ''] of pieces.join('').matchAll(/^data: (.*)$/gm))
      bodies.push(JSON.parse(data) as JsonObject)
  } else bodies.push(gemini.response.encode(response, CONTEXT).body)
  const content = bodies
    .flatMap(({ candidates }) => (Array.isArray(candidates) ? candidates : []))
    .flatMap((candidate) => (isObject(candidate) && isObject(candidate.content) ? [candidate.content] : []))
    .flatMap((given) => (Array.isArray(given.parts) ? given.parts.filter(isObject) : []))
    .filter((part) => part.thought !== true && part.text !== '')
  const request = gemini.request.decode({ contents: [{ role: 'model', parts: content }] })
  return request.messages.flatMap((message) =>
    message.parts.map((part) => ('text' in part ? `${part.kind} ${part.text}` : part.kind)),
  )
}

test.each([false, true])(
  'bug: reasoning comes back before the text that came of it (streamed: %s)',
  (stream) => {
    expect(returned([thought('a'), said('I look.'), CALL], stream).join()).toMatch(
      /^reasoning a,(text [^,]+,)+tool_call$/,
    )
    expect(returned([said('I look.'), thought('a'), CALL], stream).join()).toMatch(
      /^(text [^,]+,)+reasoning a,tool_call$/,
    )
    expect(returned([thought('a'), said('Hm.'), thought('b'), CALL], stream).join()).toMatch(
      /^reasoning a,(text [^,]+,)+reasoning b,tool_call$/,
    )
  },
)
