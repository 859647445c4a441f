// Gemini: calls without ids, so results belong to them by order; the signature hangs on a turn's first call.

import { type JsonObject, asString, isObject } from '../../../src/core/json.ts'
import { json } from '../../../src/testing/step.ts'
import type { Call, Turn, Wire } from '../agent.ts'
import { objects } from './read.ts'

const USAGE = {
  promptTokenCount: 900,
  candidatesTokenCount: 30,
  thoughtsTokenCount: 10,
  totalTokenCount: 940,
}

export const gemini: Wire = {
  path: /:(streamG|g)enerateContent(\?|$)/,
  count: { path: /:countTokens(\?|$)/, body: { totalTokens: 900 } },
  state: 'seal',
  read(body, path) {
    const parts = objects(body.contents).flatMap((content) => objects(content.parts))
    const config = isObject(body.generationConfig) ? body.generationConfig : {}
    const calls = parts.map((part) => part.functionCall).filter(isObject)
    return {
      model: /\/models\/([^:]+):/.exec(decodeURIComponent(path))?.[1] ?? '',
      stream: path.includes(':streamGenerateContent'),
      tools: objects(body.tools)
        .flatMap((tool) => objects(tool.functionDeclarations))
        .map((tool) => ({
          name: asString(tool.name) ?? '',
          schema: tool.parametersJsonSchema ?? lower(tool.parameters),
        })),
      schema: config.responseJsonSchema ?? lower(config.responseSchema),
      // A model of this kind always thinks.
      reasons: true,
      calls: calls.map(
        (call, index): Call => ({
          id: `call_${index}`,
          name: asString(call.name) ?? '',
          arguments: isObject(call.args) ? call.args : {},
        }),
      ),
      results: parts
        .map((part) => part.functionResponse)
        .filter(isObject)
        .map((result, index) => ({ id: `call_${index}`, text: resultText(result.response) })),
      state: parts
        .filter((part) => part.functionCall !== undefined)
        .flatMap((part) => (typeof part.thoughtSignature === 'string' ? [part.thoughtSignature] : [])),
    }
  },
  write(turn, asked) {
    const parts = partsOf(turn)
    const whole = (given: JsonObject[], end: boolean): JsonObject => ({
      candidates: [
        { index: 0, content: { role: 'model', parts: given }, ...(end ? { finishReason: 'STOP' } : {}) },
      ],
      usageMetadata: USAGE,
      modelVersion: asked.model,
      responseId: 'agent',
    })
    if (!asked.stream) return json(whole(parts, true))
    return { sse: parts.map((part, index) => ({ data: whole([part], index === parts.length - 1) })) }
  },
}

function partsOf(turn: Turn): JsonObject[] {
  return [
    ...(turn.reasoning === '' ? [] : [{ text: turn.reasoning, thought: true }]),
    ...(turn.text === '' ? [] : [{ text: turn.text }]),
    ...turn.calls.map((call, index) => ({
      functionCall: { name: call.name, args: call.arguments },
      ...(index === 0 ? { thoughtSignature: turn.seal } : {}),
    })),
  ]
}

/** Every text in a result, whatever its members are called. */
function resultText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(resultText).join('\n')
  return isObject(value) ? Object.values(value).map(resultText).join('\n') : ''
}

/** Google's own schemas write types in capitals. */
function lower(schema: unknown): JsonObject | undefined {
  return isObject(schema)
    ? (JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
        key === 'type' && typeof value === 'string' ? value.toLowerCase() : value,
      ) as JsonObject)
    : undefined
}
