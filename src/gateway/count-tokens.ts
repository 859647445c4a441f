// Token counts where the upstream offers none: an estimate from the text, never 0 and never an error, because Claude
// Code compacts by it. Exact counting is the upstream's business.

import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { DialectId } from '../core/origin.ts'
import { compactedText } from '../dialects/openai-responses/compaction.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import type { ReadRequest } from './read.ts'

/** An image costs about width x height / 750 tokens; its size is unknown here, so a typical screen is assumed. */
const IMAGE_TOKENS = 1_500
const MESSAGE_TOKENS = 4

/** Members that the model sees, in any of the dialects that ask. */
const COUNTED = [
  'system',
  'messages',
  'instructions',
  'input',
  'tools',
  'tool_choice',
  'contents',
  'systemInstruction',
  'system_instruction',
  'generateContentRequest',
] as const

export function countTokensLocally(call: Call, read: ReadRequest): Answer {
  const body = read.json()
  let tokens = 3
  for (const member of COUNTED) {
    const value = body[member]
    if (value !== undefined) tokens += estimate(value)
  }
  for (const list of [body.messages, body.input])
    if (Array.isArray(list)) tokens += list.length * MESSAGE_TOKENS
  return countAnswer(call, tokens)
}

/** A count as the caller's dialect says it; never 0. */
export function countAnswer(call: Call, tokens: number): Answer {
  return {
    kind: 'whole',
    body: JSON.stringify(said(call.dialect.id, Math.max(1, tokens))),
    headers: { 'content-type': 'application/json' },
  }
}

function said(dialect: DialectId, count: number): JsonObject {
  if (dialect === 'gemini') return { totalTokens: count }
  return {
    ...(dialect === 'openai-responses' ? { object: 'response.input_tokens' } : {}),
    input_tokens: count,
  }
}

/** Members that no model reads. */
const UNSEEN: ReadonlySet<string> = new Set([
  'cache_control',
  'signature',
  'thoughtSignature',
  'encrypted_content',
])

/** Tokens of all text inside a value; media are counted by kind, never by their base64. */
export function estimate(value: Json): number {
  if (typeof value === 'string') return estimateText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return 1
  if (value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + estimate(item), 0)
  if (value.type === 'image' || value.type === 'image_url' || value.type === 'input_image')
    return IMAGE_TOKENS
  if (isObject(value.source) && value.source.type === 'base64') return IMAGE_TOKENS
  if (isObject(value.inlineData) || isObject(value.inline_data)) return IMAGE_TOKENS
  // What the model reads in its place is counted.
  const compacted = value.type === 'compaction' ? compactedText(value) : undefined
  if (compacted !== undefined) return estimateText(compacted)
  let sum = 0
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || UNSEEN.has(key)) continue
    // Keys of schemas and arguments are seen by the model; `type`, `role` and their like become markers.
    sum += (key.length > 3 ? Math.ceil(key.length / 5) : 0) + estimate(item)
  }
  return sum
}

/**
 * English prose is near 4.3 characters a token, code and JSON near 3.2; other scripts near one token a character.
 * Words and marks are counted apart, which follows BPE closely without its tables.
 */
export function estimateText(text: string): number {
  let tokens = 0
  for (const match of text.matchAll(/[A-Za-z]+|\d+|\s+|[^\sA-Za-z\d]+/gu)) {
    const piece = match[0]
    const first = piece.charCodeAt(0)
    if (first > 127) tokens += Array.from(piece).length
    else if (/[A-Za-z]/.test(piece)) tokens += piece.length <= 7 ? 1 : Math.ceil(piece.length / 5)
    else if (/\d/.test(piece)) tokens += Math.ceil(piece.length / 3)
    else if (/\s/.test(piece)) tokens += piece.length > 1 ? 1 : 0
    else tokens += Math.ceil(piece.length / 2)
  }
  return tokens
}
