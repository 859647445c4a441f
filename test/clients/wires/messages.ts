// Anthropic Messages as a newer Claude speaks it: it thinks unless told not to; thinking is signed, and is to be returned word
// for word.

import { randomUUID } from 'node:crypto'
import { type JsonObject, asString, isObject } from '../../../src/core/json.ts'
import { fragments } from '../../../src/testing/fake-openai.ts'
import { textOf } from '../../../src/testing/chat-plan.ts'
import { type SsePiece, json } from '../../../src/testing/step.ts'
import type { Wire } from '../agent.ts'
import { objects } from './read.ts'

const USAGE = {
  input_tokens: 900,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: 40,
}

export const messages: Wire = {
  path: /\/messages$/,
  count: { path: /\/messages\/count_tokens$/, body: { input_tokens: 900 } },
  state: 'seal',
  read(body) {
    const blocks = objects(body.messages).flatMap(({ content }) => objects(content))
    const config = isObject(body.output_config) ? body.output_config : {}
    const reasons = !(isObject(body.thinking) && body.thinking.type === 'disabled')
    return {
      model: asString(body.model) ?? '',
      stream: body.stream === true,
      tools: objects(body.tools).map((tool) => ({
        name: asString(tool.name) ?? '',
        schema: tool.input_schema,
      })),
      schema: isObject(config.format) ? config.format.schema : undefined,
      reasons,
      calls: blocks
        .filter(({ type }) => type === 'tool_use')
        .map((block) => ({
          id: asString(block.id) ?? '',
          name: asString(block.name) ?? '',
          arguments: isObject(block.input) ? block.input : {},
        })),
      results: blocks
        .filter(({ type }) => type === 'tool_result')
        .map((block) => ({ id: asString(block.tool_use_id) ?? '', text: textOf(block.content) })),
      state: blocks.filter(({ type }) => type === 'thinking').map((block) => asString(block.signature) ?? ''),
      faults: reasons ? objects(body.messages).flatMap(lateThinking) : [],
    }
  },
  write(turn, asked) {
    const content: JsonObject[] = [
      ...(asked.reasons && turn.seal !== ''
        ? [{ type: 'thinking', thinking: turn.reasoning, signature: turn.seal }]
        : []),
      ...(turn.text === '' ? [] : [{ type: 'text', text: turn.text }]),
      ...turn.calls.map((call) => ({
        type: 'tool_use',
        id: call.id,
        name: call.name,
        input: call.arguments,
      })),
    ]
    const end = { stop_reason: turn.calls.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null }
    const head = { id: `msg_${randomUUID()}`, type: 'message', role: 'assistant', model: asked.model }
    if (!asked.stream) return json({ ...head, content, ...end, usage: USAGE })
    return { sse: events(head, content, end) }
  },
}

/** "Expected `thinking` or `redacted_thinking`, but found `text`": a turn with a call in it begins with its thinking. */
function lateThinking({ role, content }: JsonObject, index: number): string[] {
  const types = objects(content).map(({ type }) => type)
  return role === 'assistant' && types.includes('tool_use') && types[0] !== 'thinking'
    ? [`messages[${index}] begins with ${asString(types[0]) ?? 'nothing'} instead of thinking`]
    : []
}

function events(head: JsonObject, content: readonly JsonObject[], end: JsonObject): SsePiece[] {
  const pieces: SsePiece[] = []
  const event = (type: string, members: JsonObject): void => {
    pieces.push({ event: type, data: { type, ...members } })
  }
  event('message_start', {
    message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: USAGE },
  })
  for (const [index, block] of content.entries()) {
    const delta = (value: JsonObject): void => event('content_block_delta', { index, delta: value })
    if (typeof block.thinking === 'string') {
      event('content_block_start', {
        index,
        content_block: { type: 'thinking', thinking: '', signature: '' },
      })
      for (const part of fragments(block.thinking)) delta({ type: 'thinking_delta', thinking: part })
      delta({ type: 'signature_delta', signature: block.signature })
    } else if (typeof block.text === 'string') {
      event('content_block_start', { index, content_block: { type: 'text', text: '' } })
      for (const part of fragments(block.text)) delta({ type: 'text_delta', text: part })
    } else {
      event('content_block_start', { index, content_block: { ...block, input: {} } })
      for (const part of fragments(JSON.stringify(block.input)))
        delta({ type: 'input_json_delta', partial_json: part })
    }
    event('content_block_stop', { index })
  }
  event('message_delta', { delta: end, usage: { output_tokens: 40 } })
  event('message_stop', {})
  return pieces
}
