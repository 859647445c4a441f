// OpenAI Chat as DeepSeek speaks it: reasoning is a text beside the content, and is demanded back within a tool loop.

import { type JsonObject, asString, isObject } from '../../../src/core/json.ts'
import { fragments } from '../../../src/testing/fake-openai.ts'
import { textOf } from '../../../src/testing/chat-plan.ts'
import { json } from '../../../src/testing/step.ts'
import type { Asked, Call, Turn, Wire } from '../agent.ts'
import { argumentsIn, objects } from './read.ts'

/** One id for every answer, as some hosts do. */
const HEAD = { id: 'chatcmpl-agent', created: 1_790_000_000 }
const USAGE = { prompt_tokens: 900, completion_tokens: 40, total_tokens: 940 }

export const chat: Wire = {
  path: /\/chat\/completions$/,
  state: 'reasoning',
  read(body) {
    const messages = objects(body.messages)
    const format = isObject(body.response_format) ? body.response_format : {}
    return {
      model: asString(body.model) ?? '',
      stream: body.stream === true,
      tools: objects(body.tools)
        .map((tool) => tool.function)
        .filter(isObject)
        .map((tool) => ({ name: asString(tool.name) ?? '', schema: tool.parameters })),
      schema: format.type === undefined || format.type === 'text' ? undefined : schemaOf(format),
      reasons: !(isObject(body.thinking) && body.thinking.type === 'disabled'),
      calls: messages.flatMap((message) => objects(message.tool_calls)).map(callOf),
      results: messages
        .filter(({ role }) => role === 'tool')
        .map((message) => ({ id: asString(message.tool_call_id) ?? '', text: textOf(message.content) })),
      state: messages.flatMap(({ role, reasoning_content: text }) =>
        role === 'assistant' && typeof text === 'string' ? [text] : [],
      ),
    }
  },
  write(turn, asked) {
    const finish = turn.calls.length > 0 ? 'tool_calls' : 'stop'
    const message = {
      role: 'assistant',
      content: turn.text,
      ...(asked.reasons ? { reasoning_content: turn.reasoning } : {}),
      ...(turn.calls.length > 0 ? { tool_calls: turn.calls.map(wireCall) } : {}),
    }
    if (!asked.stream)
      return json({
        ...HEAD,
        object: 'chat.completion',
        model: asked.model,
        choices: [{ index: 0, message, finish_reason: finish }],
        usage: USAGE,
      })
    return { sse: [...chunks(turn, asked, finish), { data: '[DONE]' }] }
  },
}

function schemaOf(format: JsonObject) {
  return isObject(format.json_schema) ? format.json_schema.schema : {}
}

function callOf(call: JsonObject): Call {
  const named = isObject(call.function) ? call.function : {}
  return {
    id: asString(call.id) ?? '',
    name: asString(named.name) ?? '',
    arguments: argumentsIn(named.arguments),
  }
}

function wireCall(call: Call) {
  return {
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }
}

function chunks(turn: Turn, asked: Asked, finish: string): { data: JsonObject }[] {
  const deltas: JsonObject[] = [{ role: 'assistant', content: null }]
  if (asked.reasons) for (const part of fragments(turn.reasoning)) deltas.push({ reasoning_content: part })
  for (const part of fragments(turn.text)) deltas.push({ content: part })
  for (const [index, call] of turn.calls.entries()) {
    const { function: named, ...head } = wireCall(call)
    deltas.push({ tool_calls: [{ index, ...head, function: { name: named.name, arguments: '' } }] })
    for (const part of fragments(named.arguments))
      deltas.push({ tool_calls: [{ index, function: { arguments: part } }] })
  }
  const chunk = (delta: JsonObject, end: string | null, more: JsonObject = {}) => ({
    data: {
      ...HEAD,
      object: 'chat.completion.chunk',
      model: asked.model,
      choices: [{ index: 0, delta, finish_reason: end }],
      ...more,
    },
  })
  return [...deltas.map((delta) => chunk(delta, null)), chunk({ content: '' }, finish, { usage: USAGE })]
}
