// OpenAI's legacy completions, read without their codec.

import { OpenAI } from 'openai'
import { type JsonObject, isObject } from '../../../src/core/json.ts'
import { openaiCompletions } from '../../../src/dialects/openai-completions/index.ts'
import {
  type Facts,
  type FinishFact,
  count,
  empty,
  errorText,
  eventPayloads,
  list,
  parse,
  text,
} from '../facts.ts'
import { serving } from '../serving.ts'
import type { Wire } from './wire.ts'

const FINISH: Readonly<Record<string, FinishFact>> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content_filter',
}

const SAID: Readonly<Record<FinishFact, FinishFact>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'stop',
  length: 'length',
  context_full: 'length',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  unknown: 'stop',
}

/** Chunks add up; a whole answer is one. */
function add(bodies: readonly unknown[], complete: boolean): Facts {
  const choices = new Map<number, ReturnType<typeof empty>>()
  const facts: Facts = { choices: [], usage: undefined, error: undefined, complete }
  for (const body of bodies) {
    if (!isObject(body)) continue
    facts.error ??= errorText(body)
    if (isObject(body.usage)) {
      const details = isObject(body.usage.prompt_tokens_details) ? body.usage.prompt_tokens_details : {}
      facts.usage = {
        input: count(body.usage.prompt_tokens),
        output: count(body.usage.completion_tokens),
        cacheRead:
          count(details.cached_tokens) ??
          count(body.usage.prompt_cache_hit_tokens) ??
          count(body.usage.cached_tokens) ??
          count(body.usage.num_cached_tokens) ??
          0,
      }
    }
    for (const choice of list(body.choices)) {
      const index = count(choice.index) ?? 0
      const at = choices.get(index) ?? empty()
      choices.set(index, at)
      at.text += text(choice.text)
      if (typeof choice.finish_reason === 'string') at.finish = FINISH[choice.finish_reason] ?? 'unknown'
    }
  }
  facts.choices = [...choices.entries()].toSorted((a, b) => a[0] - b[0]).map((entry) => entry[1])
  return facts
}

export const completionsWire: Wire = {
  dialect: openaiCompletions,
  read(streamed, bytes) {
    const said = bytes.toString('utf8')
    if (!streamed) return add([parse(said)], true)
    const payloads = eventPayloads(said)
    return add(
      payloads.filter((payload) => payload.trim() !== '[DONE]').map(parse),
      payloads.some((payload) => payload.trim() === '[DONE]'),
    )
  },
  // Text and a reason: nothing else has a form there.
  holds: (facts) => ({
    ...facts,
    choices: facts.choices.map((choice) => ({
      ...empty(),
      text: choice.text + choice.refusal,
      finish: SAID[choice.finish ?? 'unknown'],
    })),
  }),
  face: {
    path: () => '/v1/completions',
    body(own, model, streamed) {
      const rest: JsonObject = { ...(own ?? { prompt: 'hi' }) }
      delete rest.stream_options
      delete rest.stream
      return streamed
        ? { ...rest, model, stream: true, stream_options: { include_usage: true } }
        : { ...rest, model }
    },
    async judge(streamed, bytes) {
      const client = new OpenAI({
        apiKey: 'none',
        baseURL: 'http://127.0.0.1/v1',
        maxRetries: 0,
        fetch: serving(streamed, bytes),
      })
      const request = { model: 'm', prompt: 'hi' }
      if (!streamed) return add([await client.completions.create(request)], true)
      const chunks: unknown[] = []
      for await (const chunk of await client.completions.create({ ...request, stream: true }))
        chunks.push(chunk)
      return add(chunks, true)
    },
    seen: (facts) => facts,
  },
  // A list of prompts, or of tokens, is for a host of this dialect alone: no other wire can say it.
  relayedOnly: (body) =>
    Array.isArray(body.prompt) && (body.prompt.length !== 1 || typeof body.prompt[0] !== 'string'),
}
