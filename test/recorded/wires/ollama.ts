// Ollama's native API, read without its codec: a line (or the whole answer) is one JSON object, and the lines add up.

import type { DialectId } from '../../../src/core/origin.ts'
import { Ollama } from 'ollama'
import { type JsonObject, isObject } from '../../../src/core/json.ts'
import { ollama, ollamaGenerate } from '../../../src/dialects/ollama/index.ts'
import {
  type Facts,
  type FinishFact,
  argumentsOf,
  count,
  empty,
  errorText,
  list,
  parse,
  text,
} from '../facts.ts'
import { serving } from '../serving.ts'
import type { Wire } from './wire.ts'

const SAID: Readonly<Record<FinishFact, FinishFact>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'stop',
  length: 'length',
  context_full: 'length',
  content_filter: 'stop',
  refusal: 'stop',
  pause: 'stop',
  unknown: 'stop',
}

function read(streamed: boolean, bytes: Buffer): Facts {
  const whole = bytes.toString('utf8')
  return add(
    streamed
      ? whole
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map(parse)
      : [parse(whole)],
  )
}

/** What the objects of one answer say together. */
function add(objects: readonly unknown[]): Facts {
  const facts = empty()
  const result: Facts = { choices: [facts], usage: undefined, error: undefined, complete: false }
  for (const wire of objects) {
    if (!isObject(wire)) continue
    const said = errorText(wire)
    if (said !== undefined) {
      result.error = said
      continue
    }
    const holder = isObject(wire.message) ? wire.message : wire
    facts.text += text(isObject(wire.message) ? wire.message.content : wire.response)
    facts.reasoning += text(holder.thinking)
    for (const call of list(holder.tool_calls)) {
      const inner = isObject(call.function) ? call.function : {}
      const id = text(call.id) === '' ? `call_${facts.tools.length}` : text(call.id)
      facts.tools.push({ id, name: text(inner.name), arguments: argumentsOf(inner.arguments) })
    }
    if (Array.isArray(holder.images) && holder.images.length > 0) facts.others.push('image')
    if (wire.done !== true) continue
    result.complete = true
    facts.finish = wire.done_reason === 'length' ? 'length' : facts.tools.length > 0 ? 'tool_calls' : 'stop'
    if (wire.prompt_eval_count !== undefined || wire.eval_count !== undefined)
      result.usage = { input: count(wire.prompt_eval_count), output: count(wire.eval_count), cacheRead: 0 }
  }
  if (result.error !== undefined && facts.text === '' && facts.tools.length === 0) result.choices = []
  return result
}

/** One choice; a refusal is its text; arguments are objects; no citations, and no word for what was read from a cache. */
function holds(facts: Facts, from: DialectId): Facts {
  const [first] = facts.choices
  if (!first) return facts
  const finish = SAID[first.finish ?? 'unknown']
  return {
    ...facts,
    ...(facts.usage ? { usage: { ...facts.usage, cacheRead: 0 } } : {}),
    choices: [
      {
        ...first,
        text: first.text + first.refusal,
        refusal: '',
        citations: [],
        others: [],
        finish: finish === 'stop' && first.tools.length > 0 ? 'tool_calls' : finish,
        tools: first.tools.map((tool, index) => ({
          ...tool,
          id: tool.id === '' && from !== 'gemini' ? `call_${index}` : tool.id,
          arguments: isObject(tool.arguments) ? tool.arguments : { _raw_arguments: tool.arguments },
        })),
      },
    ],
  }
}

function client(streamed: boolean, bytes: Buffer): Ollama {
  return new Ollama({ host: 'http://127.0.0.1', fetch: serving(streamed, bytes) })
}

async function collected(answers: AsyncIterable<object>): Promise<Facts> {
  const all: object[] = []
  for await (const answer of answers) all.push(answer)
  return add(all)
}

/** The plain request with the model and the wish for a stream, which must be said to be refused. */
function asked(rest: JsonObject, model: string, streamed: boolean): JsonObject {
  return { ...rest, model, stream: streamed }
}

export const ollamaWire: Wire = {
  dialect: ollama,
  read,
  holds,
  face: {
    path: () => '/api/chat',
    body: (own, model, streamed) =>
      asked(own ?? { messages: [{ role: 'user', content: 'hi' }] }, model, streamed),
    async judge(streamed, bytes) {
      const request = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
      return streamed
        ? collected(await client(true, bytes).chat({ ...request, stream: true }))
        : add([await client(false, bytes).chat({ ...request, stream: false })])
    },
    seen: (facts) => facts,
  },
}

export const ollamaGenerateWire: Wire = {
  dialect: ollamaGenerate,
  read,
  holds,
  face: {
    path: () => '/api/generate',
    body: (own, model, streamed) => asked(own ?? { prompt: 'hi' }, model, streamed),
    async judge(streamed, bytes) {
      const request = { model: 'm', prompt: 'hi' }
      return streamed
        ? collected(await client(true, bytes).generate({ ...request, stream: true }))
        : add([await client(false, bytes).generate({ ...request, stream: false })])
    },
    seen: (facts) => facts,
  },
}
