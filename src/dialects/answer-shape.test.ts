// What the vendors' published schemas ask of an answer, for what other dialects leave out, put otherwise or name otherwise.

import { expect, test } from 'vitest'
import { collect, replay } from '../core/collect.ts'
import type { AnswerContext, GenerationDialect } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import type { StreamEvent } from '../core/event.ts'
import { type JsonObject, isObject } from '../core/json.ts'
import type { GenerationResponse } from '../core/response.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiCompletions } from './openai-completions/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

const CONTEXT: AnswerContext = { model: 'm', id: 'req_1', created: 1_700_000_000, includeUsage: true }

const answer = (choice: Partial<GenerationResponse['choices'][number]>): GenerationResponse => ({
  id: 'answer_1',
  model: 'm',
  created: 1_700_000_000,
  choices: [{ index: 0, parts: [{ kind: 'text', text: 'hi' }], finish: { reason: 'stop' }, ...choice }],
  usage: { input: 3, output: 2 },
})

const whole = (dialect: GenerationDialect, response: GenerationResponse): JsonObject =>
  dialect.response.encode(response, CONTEXT).body

function streamed(dialect: GenerationDialect, response: GenerationResponse): JsonObject[] {
  const pieces: string[] = []
  const encoder = dialect.stream.encoder(CONTEXT, (piece) => pieces.push(piece))
  replay(response, (event) => encoder.event(event))
  return [...pieces.join('').matchAll(/^data: (\{.*)$/gm)].map(
    (match) => JSON.parse(match[1] as string) as JsonObject,
  )
}

test('a message names every member of its usage, null for what nobody told', () => {
  const usage = {
    input_tokens: 3,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: 2,
    server_tool_use: null,
  }
  expect(whole(anthropicMessages, answer({})).usage).toEqual({
    ...usage,
    cache_creation: null,
    service_tier: null,
  })
  const events = streamed(anthropicMessages, answer({}))
  expect(events[0]).toMatchObject({
    type: 'message_start',
    message: {
      usage: { ...usage, input_tokens: 0, output_tokens: 0, cache_creation: null, service_tier: null },
    },
  })
  expect(events.at(-2)).toMatchObject({ type: 'message_delta', usage })
})

test('bug: turns whose host repeats its ids are not joined into one by Claude Code', () => {
  const said: GenerationResponse = { ...answer({}), id: 'chatcmpl-42', origin: { dialect: 'openai-chat' } }
  expect(whole(anthropicMessages, said).id).toBe('msg_req_1')
  expect(streamed(anthropicMessages, said)[0]).toMatchObject({ message: { id: 'msg_req_1' } })
  const own: GenerationResponse = { ...said, id: 'msg_7', origin: { dialect: 'anthropic-messages' } }
  expect(whole(anthropicMessages, own).id).toBe('msg_7')
  expect(streamed(anthropicMessages, own)[0]).toMatchObject({ message: { id: 'msg_7' } })
})

// Moonshot numbers calls this way (recorded: groq, openrouter, huggingface), and wants its own ids back.
test('a call id outside the alphabet of Messages travels packed and comes back as it was', () => {
  const id = 'functions.weather:0'
  const called = answer({ parts: [{ kind: 'tool_call', id, name: 'weather', arguments: '{}' }] })
  const [block] = whole(anthropicMessages, called).content as [JsonObject]
  const begun = streamed(anthropicMessages, called).find((event) => event.type === 'content_block_start')
  expect(block.id).toMatch(/^[a-zA-Z0-9_-]+$/)
  expect(isObject(begun?.content_block) && begun.content_block.id).toBe(block.id)
  const { messages } = anthropicMessages.request.decode({
    model: 'm',
    max_tokens: 1,
    messages: [
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: [block] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: block.id ?? null, content: 'sunny' }] },
    ],
  })
  expect(messages.flatMap(({ parts }) => parts)).toMatchObject([
    { kind: 'text' },
    { kind: 'tool_call', id },
    { kind: 'tool_result', callId: id },
  ])
})

test.each(['call_1', 'toolu_01-x', 'tlid_', 'tlid_x', 'tlid_Y2FsbF8x'])(
  'the id %s is left as it is',
  (id) => {
    const called = answer({ parts: [{ kind: 'tool_call', id, name: 'weather', arguments: '{}' }] })
    const body = whole(anthropicMessages, called)
    expect(body).toMatchObject({ content: [{ id }] })
    expect(anthropicMessages.response.decode(body, {})).toMatchObject({ choices: [{ parts: [{ id }] }] })
  },
)

const TOKEN = {
  token: 'hi',
  logprob: -0.5,
  bytes: null,
  top_logprobs: [{ token: 'hi', logprob: -0.5, bytes: null }],
}

test('log-probabilities of a Chat answer name both lists', () => {
  expect(whole(openaiChat, answer({ logprobs: { content: [TOKEN] } }))).toMatchObject({
    choices: [{ logprobs: { content: [TOKEN], refusal: null } }],
  })
})

test('bytes that nobody told are an empty list in a Response', () => {
  const given = answer({ logprobs: { content: [TOKEN] } })
  const told = [{ ...TOKEN, bytes: [], top_logprobs: [{ token: 'hi', logprob: -0.5, bytes: [] }] }]
  const output = [{ content: [{ type: 'output_text', logprobs: told }] }]
  expect(whole(openaiResponses, given)).toMatchObject({ output })
  const events = streamed(openaiResponses, given)
  expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { output } })
})

// Recorded so: huggingface, azure.
test('details that a host has as null are left out of the usage of its family', () => {
  const wire = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  const said = {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { ...wire, prompt_tokens_details: null, completion_tokens_details: null },
  }
  const events: StreamEvent[] = []
  replay(openaiChat.response.decode(said, {}), (event) => events.push(event))
  expect(whole(openaiCompletions, collect(events)).usage).toEqual(wire)
})

// The end of a relayed stream whose upstream fell silent: there is no answer of ours to take the members from.
test('a failed Response alone names the members that every Response has', () => {
  const frame = openaiResponses.stream.failure(new GatewayError('stream_interrupted', 'gone'), 'req_1')
  expect(JSON.parse(frame.slice(frame.indexOf('{')))).toMatchObject({
    type: 'response.failed',
    response: {
      status: 'failed',
      error: { code: 'server_error', message: 'gone' },
      instructions: null,
      metadata: null,
      temperature: null,
      top_p: null,
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: [],
    },
  })
})
