// Reasoning signatures. Only Claude signs on this wire, and Anthropic's documentation says that its signatures hold
// across the Claude API, Bedrock and Vertex: they are sealed as Anthropic's own, so that they pass through every dialect
// that carries those. A redacted block is here the base64 of the same text that Messages carries.

import type { JsonObject } from '../../core/json.ts'
import type { Seal } from '../../core/origin.ts'
import type { ReasoningPart } from '../../core/part.ts'
import { carrySeal, readSeal } from '../../core/seal.ts'
import { ID } from './own.ts'

const HOME = 'anthropic-messages'

export function signatureSeal(signature: string): Seal {
  return readSeal(signature, HOME, 'signature')
}

/** @param base64 `redactedContent` as it stands, or the joined bytes of its fragments. */
export function redactedSeal(base64: string): Seal {
  const text = Buffer.from(base64, 'base64').toString('utf8')
  // Bytes that are no text stay as they are, and at home.
  return Buffer.from(text, 'utf8').toString('base64') === base64
    ? { dialect: HOME, kind: 'redacted', value: text }
    : { dialect: ID, kind: 'redacted', value: base64 }
}

/** Reasoning this wire may get back: signed by Claude, or redacted. Undefined: another vendor's, or unsigned. */
export function sealedReasoning(part: ReasoningPart): JsonObject | undefined {
  const { sealed } = part
  if (!sealed || sealed.value === '') return undefined
  if (sealed.dialect !== HOME && sealed.dialect !== ID) return undefined
  if (sealed.kind === 'redacted') return { redactedContent: redactedBytes(sealed) }
  if (sealed.kind !== 'signature') return undefined
  return { reasoningText: { text: part.text, signature: sealed.value } }
}

/** Reasoning as an answer of this wire shows it, signed or not. */
export function shownReasoning(part: ReasoningPart): JsonObject {
  const { sealed } = part
  if (sealed?.kind === 'redacted') return { redactedContent: redactedBytes(sealed) }
  return {
    reasoningText: {
      text: part.text,
      ...(sealed ? { signature: carrySeal(sealed, sealed.dialect === ID ? ID : HOME) } : {}),
    },
  }
}

export function redactedBytes(sealed: Seal): string {
  return sealed.dialect === ID ? sealed.value : Buffer.from(carrySeal(sealed, HOME)).toString('base64')
}
