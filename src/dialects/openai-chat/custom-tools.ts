// Free-text tools for hosts that know only functions: the text travels in the one string of an object. The gateway takes
// it out of the answer's calls again (gateway/custom-calls.ts).

import { type JsonObject, isObject } from '../../core/json.ts'
import type { ToolCallPart } from '../../core/part.ts'
import type { CustomTool } from '../../core/request.ts'

export function asFunction(tool: CustomTool): JsonObject {
  const grammar = isObject(tool.format) && isObject(tool.format.grammar) ? tool.format.grammar : undefined
  const lines = [tool.description ?? '', 'Pass the complete raw text in `input`.']
  if (typeof grammar?.definition === 'string')
    lines.push(
      `It must follow this ${grammar.syntax === 'regex' ? 'regex' : 'lark'} grammar:\n${grammar.definition}`,
    )
  return {
    name: tool.name,
    description: lines.filter((line) => line !== '').join('\n\n'),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string' } },
      required: ['input'],
      additionalProperties: false,
    },
  }
}

/** A free-text call of the conversation as that function was called. */
export function functionCall(part: ToolCallPart): ToolCallPart {
  const { custom: _, ...call } = part
  return { ...call, arguments: JSON.stringify({ input: part.arguments }) }
}
