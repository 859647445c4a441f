// `thinking_blocks`: signed reasoning on a Chat wire, as several gateways write it and clients echo it. It has Anthropic's
// form, so its slots carry seals as Messages does: a Claude signature as it is, any other vendor's packed.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { ReasoningPart } from '../../core/part.ts'
import { carrySeal, readSeal } from '../../core/seal.ts'

export function thinkingBlock(part: ReasoningPart): JsonObject {
  const seal = part.sealed && carrySeal(part.sealed, 'anthropic-messages')
  if (part.redacted === true) return { type: 'redacted_thinking', data: seal ?? '' }
  return {
    type: 'thinking',
    thinking: part.text,
    ...(seal === undefined ? {} : { signature: seal }),
  }
}

/** The reasoning that blocks hold, or undefined where one of them is of another form. */
export function thinkingParts(blocks: Json | undefined): ReasoningPart[] | undefined {
  if (!Array.isArray(blocks) || !blocks.every(isThinkingBlock)) return undefined
  return (blocks as JsonObject[]).map((block) =>
    block.type === 'thinking'
      ? {
          kind: 'reasoning',
          text: block.thinking as string,
          ...(typeof block.signature === 'string'
            ? { sealed: readSeal(block.signature, 'anthropic-messages', 'signature') }
            : {}),
        }
      : {
          kind: 'reasoning',
          text: '',
          redacted: true,
          sealed: readSeal(block.data as string, 'anthropic-messages', 'redacted'),
        },
  )
}

function isThinkingBlock(block: Json): boolean {
  if (!isObject(block)) return false
  const keys = Object.keys(block).length
  if (block.type === 'thinking' && typeof block.thinking === 'string')
    return keys === 2 || (keys === 3 && typeof block.signature === 'string')
  return block.type === 'redacted_thinking' && typeof block.data === 'string' && keys === 2
}
