// The codec against the numbered cases of the wire reference; numbers stand in the titles. What only a running gateway
// shows is in test/e2e/gemini.test.ts, recorded traffic in test/recorded.

import { describe, expect, test } from 'vitest'
import { collect } from '../../core/collect.ts'
import type { EncodeTarget } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import { GatewayError } from '../../core/error.ts'
import { checkGrammar } from '../../core/grammar.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { gemini } from './index.ts'

const target = (facts: EncodeTarget['facts'] = {}): EncodeTarget => ({
  model: 'gemini-3-flash',
  quirks: {},
  facts,
})

function request(messages: Message[], more: Partial<GenerationRequest> = {}): GenerationRequest {
  return { dialect: 'openai-chat', model: 'm', messages, stream: false, ...more }
}

const said = (text: string): Message => ({ role: 'user', parts: [{ kind: 'text', text }] })
const encoded = (asked: GenerationRequest, facts?: EncodeTarget['facts']): JsonObject =>
  gemini.request.encode(asked, target(facts)).body
const contentsOf = (asked: GenerationRequest, facts?: EncodeTarget['facts']): JsonObject[] =>
  encoded(asked, facts).contents as JsonObject[]

/** The events of a stream of chunks, which keep the grammar. */
function streamed(...chunks: Json[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const decoder = gemini.stream.decoder({}, (event) => events.push(event))
  for (const chunk of chunks) decoder.frame({ event: '', data: JSON.stringify(chunk) })
  decoder.end()
  expect(checkGrammar(events)).toBeUndefined()
  return events
}

const chunk = (parts: Json[], more: JsonObject = {}): Json => ({
  candidates: [{ content: { role: 'model', parts }, ...more }],
  responseId: 'r1',
})
const STOP = { finishReason: 'STOP' }

describe('answers', () => {
  test('44: a signature on an empty trailing text survives, and goes back as it came', () => {
    const answer = collect(
      streamed(chunk([{ text: 'hi' }]), chunk([{ text: '', thoughtSignature: 'c2ln' }], STOP)),
    )
    const parts = answer.choices[0]?.parts ?? []
    expect(parts).toMatchObject([
      { kind: 'text', text: 'hi' },
      { kind: 'text', text: '', sealed: { dialect: 'gemini', value: 'c2ln' } },
    ])
    expect(contentsOf(request([said('a'), { role: 'assistant', parts }, said('b')]))[1]).toEqual({
      role: 'model',
      parts: [{ text: 'hi' }, { text: '', thoughtSignature: 'c2ln' }],
    })
  })

  test('45: a call in one chunk and STOP in the next end in tool calls', () => {
    const events = streamed(chunk([{ functionCall: { name: 'f', args: {} } }]), chunk([{ text: '' }], STOP))
    expect(events.find((event) => event.type === 'finish')).toMatchObject({
      finish: { reason: 'tool_calls', raw: 'STOP' },
    })
  })

  test.each([
    ['a stream', (wire: Json) => collect(streamed(wire))],
    ['a whole answer', (wire: Json) => gemini.response.decode(wire, {})],
  ])('46: a blocked prompt is a refusal, in %s', (_name, read) => {
    const answer = read({ promptFeedback: { blockReason: 'SAFETY', blockReasonMessage: 'no' } })
    expect(answer.choices).toMatchObject([
      { parts: [{ kind: 'refusal', text: 'no' }], finish: { reason: 'content_filter', raw: 'SAFETY' } },
    ])
  })

  test('50: prompt and cache, candidates and thoughts', () => {
    const { usage } = gemini.response.decode(
      {
        candidates: [{ content: { parts: [{ text: 'x' }] }, ...STOP }],
        usageMetadata: {
          promptTokenCount: 10,
          cachedContentTokenCount: 4,
          candidatesTokenCount: 3,
          thoughtsTokenCount: 6,
          totalTokenCount: 19,
        },
      },
      {},
    )
    expect(usage).toMatchObject({ input: 10, output: 9, total: 19, cacheRead: 4, reasoning: 6 })
  })

  test('usage of a stream is the last value of each count, never a sum', () => {
    const answer = collect(
      streamed(
        {
          ...(chunk([{ text: 'a' }]) as JsonObject),
          usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 1 },
        },
        { ...(chunk([], STOP) as JsonObject), usageMetadata: { candidatesTokenCount: 2 } },
      ),
    )
    expect(answer.usage).toMatchObject({ input: 5, output: 2 })
  })

  test('52: an answer that was all thought ends by length and is no error', () => {
    const answer = gemini.response.decode(
      {
        candidates: [{ content: { role: 'model' }, finishReason: 'MAX_TOKENS' }],
        usageMetadata: { promptTokenCount: 5, thoughtsTokenCount: 16 },
      },
      {},
    )
    expect(answer.choices).toMatchObject([{ parts: [], finish: { reason: 'length' } }])
    expect(answer.usage).toMatchObject({ output: 16 })
  })

  test('54: grounding counts bytes; citations count what JavaScript counts', () => {
    const text = 'Zürich 🏔 is big.'
    const bytes = (piece: string): number => Buffer.byteLength(text.slice(0, text.indexOf(piece)))
    const answer = collect(
      streamed(
        chunk([{ text: 'hm', thought: true }, { text: 'Zürich 🏔' }]),
        chunk([{ text: ' is big.' }], {
          ...STOP,
          groundingMetadata: {
            groundingChunks: [{ web: { uri: 'https://z.example/', title: 'Z' } }],
            groundingSupports: [
              {
                segment: { startIndex: bytes('is'), endIndex: bytes('is') + 7, text: 'is big.' },
                groundingChunkIndices: [0],
              },
            ],
          },
        }),
      ),
    )
    const part = answer.choices[0]?.parts.find((one) => one.kind === 'text')
    const citation = part?.citations?.[0]
    expect(citation).toMatchObject({ kind: 'url', url: 'https://z.example/', title: 'Z' })
    expect(text.slice(citation?.start, citation?.end)).toBe('is big.')
  })

  test('72: arguments under JSON paths, nested, two calls', () => {
    const piece = (partialArgs: Json[], more = true): Json =>
      chunk([{ functionCall: { partialArgs, ...(more ? { willContinue: true } : {}) } }])
    const answer = collect(
      streamed(
        chunk([{ functionCall: { name: 'cook', willContinue: true }, thoughtSignature: 'c2ln' }]),
        piece([{ jsonPath: '$.recipe.name', stringValue: 'La', willContinue: true }]),
        piece([{ jsonPath: '$.recipe.name', stringValue: 'sagna "x"', willContinue: true }]),
        piece([{ jsonPath: '$.recipe.name', stringValue: '' }]),
        piece([{ jsonPath: '$.recipe.steps[0].minutes', numberValue: 5 }]),
        piece([{ jsonPath: '$.recipe.steps[0].hot', boolValue: true }]),
        piece([{ jsonPath: '$.recipe.steps[1].minutes', nullValue: null }]),
        chunk([{ functionCall: { willContinue: true } }]),
        piece([{ jsonPath: '$["a b"]', stringValue: 'é\n' }]),
        chunk([{ functionCall: {} }]),
        chunk([{ functionCall: { name: 'eat', willContinue: true } }]),
        chunk([{ functionCall: {} }], STOP),
      ),
    )
    const calls = (answer.choices[0]?.parts ?? []).filter((part) => part.kind === 'tool_call')
    expect(calls.map((part) => [part.name, JSON.parse(part.arguments)])).toEqual([
      [
        'cook',
        {
          recipe: { name: 'Lasagna "x"', steps: [{ minutes: 5, hot: true }, { minutes: null }] },
          'a b': 'é\n',
        },
      ],
      ['eat', {}],
    ])
    expect(calls[0]?.sealed?.value).toBe('c2ln')
    expect(new Set(calls.map((part) => part.id)).size).toBe(2)
  })

  test('73: a call without arguments has the empty object', () => {
    const answer = collect(streamed(chunk([{ functionCall: { name: 'now' } }], STOP)))
    expect(answer.choices[0]?.parts).toMatchObject([{ kind: 'tool_call', name: 'now', arguments: '{}' }])
  })

  test('a call that could not be read is a bad answer before anything was said', () => {
    const events = streamed({
      candidates: [{ finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage: 'f(' }],
    })
    expect(events).toMatchObject([{ type: 'failure', error: { kind: 'bad_upstream_response' } }])
  })

  test('a stream without a finish word was interrupted; with an error in it, it failed', () => {
    expect(streamed(chunk([{ text: 'a' }])).at(-1)).toMatchObject({ error: { kind: 'stream_interrupted' } })
    const failed = streamed(chunk([{ text: 'a' }]), {
      error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' },
    })
    expect(failed.at(-1)).toMatchObject({ error: { kind: 'upstream_failed', status: 503 } })
  })

  test('a list of chunks, which a stream without alt=sse is, reads like the stream', () => {
    const chunks = [chunk([{ text: 'a' }]), chunk([{ text: 'b' }], STOP)]
    expect(gemini.response.decode(chunks, {})).toEqual(collect(streamed(...chunks)))
  })

  test('log probabilities, both ways', () => {
    const logprobsResult = {
      chosenCandidates: [{ token: 'é', logProbability: -0.5 }],
      topCandidates: [
        {
          candidates: [
            { token: 'é', logProbability: -0.5 },
            { token: 'e', logProbability: -1 },
          ],
        },
      ],
    }
    const answer = gemini.response.decode(
      { candidates: [{ content: { parts: [{ text: 'é' }] }, ...STOP, logprobsResult }] },
      {},
    )
    expect(answer.choices[0]?.logprobs).toEqual({
      content: [
        {
          token: 'é',
          logprob: -0.5,
          bytes: [195, 169],
          top_logprobs: [
            { token: 'é', logprob: -0.5, bytes: [195, 169] },
            { token: 'e', logprob: -1, bytes: [101] },
          ],
        },
      ],
    })
    const back = gemini.response.encode(answer, { model: 'm', id: 'i', created: 0, includeUsage: true }).body
    expect(back).toMatchObject({ candidates: [{ logprobsResult }] })
  })

  test('what is no answer throws only errors of the table', () => {
    for (const wire of [
      null,
      1,
      'x',
      [],
      {},
      [1],
      { candidates: [] },
      { candidates: [null] },
      { error: 'x' },
      [{ error: { code: 'x' } }],
    ])
      expect(() => gemini.response.decode(wire as Json, {})).toThrow(GatewayError)
    for (const data of [
      '',
      'x',
      '1',
      '[]',
      '{"candidates":[{"content":{"parts":[1,{"functionCall":1},{"text":1}]}}]}',
    ]) {
      const events: StreamEvent[] = []
      const decoder = gemini.stream.decoder({}, (event) => events.push(event))
      decoder.frame({ event: '', data })
      decoder.end()
      expect(events.at(-1)?.type).toBe('failure')
    }
  })
})

describe('requests', () => {
  test('47: a schema keeps what Google reads, and says the rest in words', () => {
    const { body, notes } = gemini.request.encode(
      request([said('a')], {
        tools: [
          {
            type: 'function',
            name: 'f',
            parameters: {
              $schema: 'https://json-schema.org/draft/2020-12/schema',
              type: 'object',
              properties: {
                kind: { const: 'a' },
                count: { type: 'integer', exclusiveMinimum: 0 },
                size: { enum: [1, 2] },
                map: { type: 'object', propertyNames: { pattern: '^x' } },
                child: { $ref: '#/definitions/node', description: 'again' },
              },
              definitions: { node: { type: 'object', properties: { next: { $ref: '#/definitions/node' } } } },
            },
          },
        ],
      }),
      target(),
    )
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          {
            name: 'f',
            parametersJsonSchema: {
              type: 'object',
              properties: {
                kind: { enum: ['a'] },
                count: { type: 'integer', minimum: 1 },
                size: { enum: [1, 2] },
                map: { type: 'object', description: '{"propertyNames":{"pattern":"^x"}}' },
                child: { $ref: '#/$defs/node' },
              },
              $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
            },
          },
        ],
      },
    ])
    expect(notes.map((note) => note.action)).toEqual(['approximated'])
  })

  test.each([
    ['a text', 'rain', { output: 'rain' }],
    ['an object', '{"temp":3}', { temp: 3 }],
    ['an object that says output', '{"output":3}', { output: '{"output":3}' }],
    ['a list', '[1]', { output: '[1]' }],
    ['a number', '7', { output: '7' }],
    ['a reference', '{"$ref":"#/x"}', { output: '{"$ref":"#/x"}' }],
    ['nothing', '', { output: '' }],
  ])('49: a result that is %s is an object', (_name, text, response) => {
    const call: Part = { kind: 'tool_call', id: 'c1', name: 'f', arguments: '{}' }
    const result: Part = {
      kind: 'tool_result',
      callId: 'c1',
      content: text === '' ? [] : [{ kind: 'text', text }],
    }
    const contents = contentsOf(
      request([said('a'), { role: 'assistant', parts: [call] }, { role: 'tool', parts: [result] }]),
    )
    expect(contents[2]).toEqual({
      role: 'user',
      parts: [{ functionResponse: { id: 'c1', name: 'f', response } }],
    })
  })

  test('42: of parallel calls with one signature only the first has it, and none gets the sentinel', () => {
    const call = (id: string, sealed?: object): Part =>
      ({ kind: 'tool_call', id, name: 'f', arguments: '{}', ...(sealed ? { sealed } : {}) }) as Part
    const seal = { dialect: 'gemini', kind: 'signature', value: 'c2ln' }
    const contents = contentsOf(
      request([said('a'), { role: 'assistant', parts: [call('a', seal), call('b')] }, said('b')]),
      { signedCalls: true },
    )
    const parts = contents[1]?.parts
    expect(parts).toMatchObject([{ thoughtSignature: 'c2ln' }, { functionCall: { name: 'f' } }])
    expect(JSON.stringify(parts).match(/thoughtSignature/g)).toHaveLength(1)
  })

  test('bug: results stand in the order of their calls where an id was used in an earlier turn too', () => {
    const call = (id: string, name: string): Part => ({ kind: 'tool_call', id, name, arguments: '{}' })
    const result = (callId: string, text: string): Message => ({
      role: 'tool',
      parts: [{ kind: 'tool_result', callId, content: [{ kind: 'text', text }] }],
    })
    const contents = contentsOf(
      request([
        said('go'),
        { role: 'assistant', parts: [call('gcall_0', 'first')] },
        result('gcall_0', 'one'),
        { role: 'assistant', parts: [call('gcall_0', 'second'), call('gcall_1', 'third')] },
        result('gcall_1', 'three'),
        result('gcall_0', 'two'),
      ]),
    )
    expect(contents.at(-1)).toEqual({
      role: 'user',
      parts: [
        { functionResponse: { name: 'second', response: { output: 'two' } } },
        { functionResponse: { name: 'third', response: { output: 'three' } } },
      ],
    })
  })

  test('a longer conversation begins with the same bytes', () => {
    const turns: Message[] = [
      { role: 'system', parts: [{ kind: 'text', text: 's' }] },
      said('a'),
      { role: 'assistant', parts: [{ kind: 'tool_call', id: 'x', name: '0 odd', arguments: '{"a":1}' }] },
      { role: 'tool', parts: [{ kind: 'tool_result', callId: 'x', content: [{ kind: 'text', text: 'r' }] }] },
      { role: 'assistant', parts: [{ kind: 'text', text: 'b' }] },
      said('c'),
    ]
    const whole = JSON.stringify(contentsOf(request(turns), { signedCalls: true }))
    for (let length = 2; length < turns.length; length++) {
      const shorter = JSON.stringify(contentsOf(request(turns.slice(0, length)), { signedCalls: true }))
      expect(whole.startsWith(shorter.slice(0, -1))).toBe(true)
    }
  })

  test('effort is a budget on one generation and a level on the next, never both', () => {
    const asked = (effort: string) => request([said('a')], { reasoning: { effort } })
    const thinking = (effort: string, facts: EncodeTarget['facts']): unknown =>
      (encoded(asked(effort), facts).generationConfig as JsonObject | undefined)?.thinkingConfig
    const pro = { thinkingBudget: { min: 128, max: 32_768, off: false } }
    expect(thinking('none', pro)).toEqual({ thinkingBudget: 128 })
    expect(thinking('high', pro)).toEqual({ includeThoughts: true, thinkingBudget: 24_576 })
    expect(thinking('medium', { efforts: ['low', 'high'] })).toEqual({
      includeThoughts: true,
      thinkingLevel: 'LOW',
    })
    expect(thinking('high', { thinkingModes: [] })).toBeUndefined()
  })

  test('both spellings are read and go back as they came', () => {
    const wire: JsonObject = {
      contents: [
        { role: 'user', parts: [{ inline_data: { mime_type: 'image/png', data: 'aGk=' } }, { text: 'x' }] },
        {
          role: 'model',
          parts: [{ function_call: { name: 'f', args: { a_b: 1 } }, thought_signature: 'c2ln' }],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'f', response: { a: 1 }, will_continue: true } }],
        },
      ],
      system_instruction: { parts: { text: 's' } },
      tools: [
        { function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] },
        { google_search: {} },
      ],
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f', 'g'] } },
      generation_config: {
        max_output_tokens: 5,
        thinking_config: { thinking_budget: 0 },
        response_modalities: ['TEXT'],
      },
      safety_settings: [{ category: 'x', threshold: 'OFF' }],
    }
    const read = gemini.request.decode({ ...wire, model: 'm', stream: true })
    expect(read).toMatchObject({
      maxOutputTokens: 5,
      reasoning: { effort: 'none' },
      toolChoice: { type: 'allowed', mode: 'required' },
      stream: true,
    })
    expect(gemini.request.encode(read, target()).body).toEqual(wire)
  })

  test('58: Google’s own schemas become JSON Schema', () => {
    const { tools } = gemini.request.decode({
      contents: [{ parts: [{ text: 'a' }] }],
      tools: [
        {
          functionDeclarations: [
            {
              name: 'f',
              parameters: {
                type: 'OBJECT',
                properties: {
                  a: { type: 'STRING', nullable: true },
                  b: { type: 'ARRAY', items: { type: 'INTEGER' }, maxItems: '5' },
                },
                propertyOrdering: ['a'],
              },
            },
          ],
        },
      ],
    })
    expect(tools?.[0]).toMatchObject({
      parameters: {
        type: 'object',
        properties: {
          a: { type: ['string', 'null'] },
          b: { type: 'array', items: { type: 'integer' }, maxItems: 5 },
        },
      },
    })
  })
})
