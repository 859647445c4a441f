// OpenAI Responses: reasoning is an item; its encrypted content is given to who asks for it, and has to come back.

import { randomUUID } from 'node:crypto'
import { type JsonObject, asString, isObject } from '../../../src/core/json.ts'
import { fragments } from '../../../src/testing/fake-openai.ts'
import { textOf } from '../../../src/testing/chat-plan.ts'
import { type SsePiece, json } from '../../../src/testing/step.ts'
import type { Asked, Turn, Wire } from '../agent.ts'
import { argumentsIn, objects } from './read.ts'

const USAGE = {
  input_tokens: 900,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 10 },
  total_tokens: 940,
}

export const responses: Wire = {
  path: /\/responses$/,
  count: {
    path: /\/responses\/input_tokens$/,
    body: { object: 'response.input_tokens', input_tokens: 900 },
  },
  state: 'seal',
  read(body) {
    const items = objects(body.input)
    const text = isObject(body.text) && isObject(body.text.format) ? body.text.format : {}
    return {
      model: asString(body.model) ?? '',
      stream: body.stream === true,
      tools: objects(body.tools)
        .filter(({ type }) => type === 'function')
        .map((tool) => ({ name: asString(tool.name) ?? '', schema: tool.parameters })),
      schema: text.type === 'json_schema' ? text.schema : undefined,
      reasons: Array.isArray(body.include) && body.include.includes('reasoning.encrypted_content'),
      calls: items
        .filter(({ type }) => type === 'function_call')
        .map((item) => ({
          id: asString(item.call_id) ?? '',
          name: asString(item.name) ?? '',
          arguments: argumentsIn(item.arguments),
        })),
      results: items
        .filter(({ type }) => type === 'function_call_output')
        .map((item) => ({ id: asString(item.call_id) ?? '', text: textOf(item.output) })),
      state: items
        .filter(({ type }) => type === 'reasoning')
        .map((item) => asString(item.encrypted_content) ?? ''),
      faults: lateReasoning(items),
    }
  },
  write(turn, asked) {
    const output = itemsOf(turn, asked)
    const response = {
      id: `resp_${randomUUID()}`,
      object: 'response',
      created_at: 1_790_000_000,
      model: asked.model,
      status: 'completed',
      error: null,
      incomplete_details: null,
      instructions: null,
      metadata: {},
      parallel_tool_calls: true,
      tool_choice: 'auto',
      tools: [],
      temperature: 1,
      top_p: 1,
      output,
      usage: USAGE,
    }
    return asked.stream ? { sse: events(response, output) } : json(response)
  },
}

/** Reasoning stands before all that came of it: no turn's message or call goes before its reasoning. */
function lateReasoning(items: readonly JsonObject[]): string[] {
  return items.flatMap((item, index) => {
    const before = items[index - 1]
    const ofItsTurn = before !== undefined && (before.type === 'function_call' || before.role === 'assistant')
    return item.type === 'reasoning' && ofItsTurn ? [`input[${index}] is reasoning after its own turn`] : []
  })
}

function itemsOf(turn: Turn, asked: Asked): JsonObject[] {
  const n = randomUUID()
  return [
    ...(turn.reasoning === ''
      ? []
      : [
          {
            id: `rs_${n}`,
            type: 'reasoning',
            summary: [{ type: 'summary_text', text: turn.reasoning }],
            ...(asked.reasons ? { encrypted_content: turn.seal } : {}),
          },
        ]),
    ...(turn.text === ''
      ? []
      : [
          {
            id: `msg_${n}`,
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: turn.text, annotations: [], logprobs: [] }],
          },
        ]),
    ...turn.calls.map((call) => ({
      id: `fc_${call.id}`,
      type: 'function_call',
      status: 'completed',
      call_id: call.id,
      name: call.name,
      arguments: JSON.stringify(call.arguments),
    })),
  ]
}

function events(response: JsonObject, output: readonly JsonObject[]): SsePiece[] {
  const pieces: SsePiece[] = []
  const event = (type: string, members: JsonObject): void => {
    pieces.push({ event: type, data: { type, sequence_number: pieces.length, ...members } })
  }
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  event('response.created', { response: begun })
  event('response.in_progress', { response: begun })
  for (const [output_index, item] of output.entries()) {
    const at = { output_index, item_id: item.id as string }
    event('response.output_item.added', { output_index, item: opened(item) })
    if (item.type === 'reasoning') {
      const part = objectAt(item.summary)
      event('response.reasoning_summary_part.added', {
        ...at,
        summary_index: 0,
        part: { type: 'summary_text', text: '' },
      })
      for (const delta of fragments(asString(part.text) ?? ''))
        event('response.reasoning_summary_text.delta', { ...at, summary_index: 0, delta })
      event('response.reasoning_summary_text.done', { ...at, summary_index: 0, text: part.text })
      event('response.reasoning_summary_part.done', { ...at, summary_index: 0, part })
    } else if (item.type === 'message') {
      const part = objectAt(item.content)
      const place = { ...at, content_index: 0 }
      event('response.content_part.added', { ...place, part: { ...part, text: '' } })
      for (const delta of fragments(asString(part.text) ?? ''))
        event('response.output_text.delta', { ...place, delta, logprobs: [] })
      event('response.output_text.done', { ...place, text: part.text, logprobs: [] })
      event('response.content_part.done', { ...place, part })
    } else {
      for (const delta of fragments(asString(item.arguments) ?? ''))
        event('response.function_call_arguments.delta', { ...at, delta })
      event('response.function_call_arguments.done', { ...at, arguments: item.arguments })
    }
    event('response.output_item.done', { output_index, item })
  }
  event('response.completed', { response })
  return pieces
}

function objectAt(list: unknown): JsonObject {
  const first: unknown = Array.isArray(list) ? list[0] : undefined
  return isObject(first) ? first : {}
}

/** An item as it is announced: of its kind, and empty. */
function opened(item: JsonObject): JsonObject {
  if (item.type === 'reasoning') return { ...item, summary: [] }
  if (item.type === 'message') return { ...item, status: 'in_progress', content: [] }
  return { ...item, status: 'in_progress', arguments: '' }
}
