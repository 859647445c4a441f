// Every dialect of the suite. A recording is checked against each one that callers speak.

import type { DialectId } from '../../../src/core/origin.ts'
import { messagesWire } from './anthropic-messages.ts'
import { converseWire } from './bedrock-converse.ts'
import { invokeWire } from './bedrock-invoke.ts'
import { cohereWire } from './cohere.ts'
import { geminiWire } from './gemini.ts'
import { ollamaGenerateWire, ollamaWire } from './ollama.ts'
import { chatWire } from './openai-chat.ts'
import { completionsWire } from './openai-completions.ts'
import { responsesWire } from './openai-responses.ts'
import type { Wire } from './wire.ts'

export type { Wire } from './wire.ts'

export const wires: readonly Wire[] = [
  chatWire,
  responsesWire,
  messagesWire,
  geminiWire,
  converseWire,
  cohereWire,
  ollamaWire,
  ollamaGenerateWire,
  completionsWire,
]

/** Wires that callers speak. */
export const faces = wires.filter((wire) => wire.face !== undefined)

/** @param carried the dialect comes in Amazon's chunks. */
export function wireOf(id: DialectId, carried = false): Wire {
  if (carried) return invokeWire
  const found = wires.find((wire) => wire.dialect.id === id)
  if (!found) throw new Error(`no oracle for ${id}`)
  return found
}
