// Workers AI's own frames, which come beside OpenAI's in one stream: `{"response": "text", "tool_calls": [{name,
// arguments}], "usage": {...}}`, calls whole and without ids, null where there is nothing. Whole answers may stand in
// `result`. Seen in the published types of workers-ai-provider.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'

/** Turns native frames into chunks; any other frame is returned as it is. One reader a stream: calls are counted. */
export function workersAiFrames(): (wire: JsonObject) => JsonObject {
  let calls = 0
  return (wire) => {
    if (!isNative(wire)) return wire
    const { response, tool_calls: given, ...more } = wire
    // Below zero no index of OpenAI's own frames is met.
    const list = callsOf(given).map((fn) => ({ index: -++calls, type: 'function', function: fn }))
    const delta: JsonObject = {
      ...(typeof response === 'string' ? { content: response } : {}),
      ...(list.length === 0 ? {} : { tool_calls: list }),
    }
    return { ...more, choices: [{ index: 0, delta, finish_reason: null }] }
  }
}

/** A whole native answer as a Chat one. */
export function workersAiAnswer(wire: JsonObject): JsonObject {
  const inner = isObject(wire.result) && wire.choices === undefined ? wire.result : wire
  if (!isNative(inner)) return inner
  const { response, tool_calls: given, ...more } = inner
  const calls = callsOf(given).map((fn) => ({ id: '', type: 'function', function: fn }))
  const message: JsonObject = {
    role: 'assistant',
    content: typeof response === 'string' ? response : isObject(response) ? JSON.stringify(response) : null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return {
    ...more,
    choices: [{ index: 0, message, finish_reason: calls.length === 0 ? 'stop' : 'tool_calls' }],
  }
}

function isNative(wire: JsonObject): boolean {
  return wire.choices === undefined && (wire.response !== undefined || wire.tool_calls !== undefined)
}

function callsOf(given: Json | undefined): JsonObject[] {
  return (Array.isArray(given) ? given : []).flatMap((call): JsonObject[] => {
    if (!isObject(call)) return []
    const { name, arguments: input } = isObject(call.function) ? call.function : call
    if (typeof name !== 'string' || name === '') return []
    return [{ name, arguments: typeof input === 'string' ? input : JSON.stringify(input ?? {}) }]
  })
}
