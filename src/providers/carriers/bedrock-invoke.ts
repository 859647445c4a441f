// InvokeModel with an Anthropic body. What Bedrock refuses, and what its betas unlock, is a table; sources are AWS's user
// guide and the refusals reported in public (2026).

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import { type Carrier, type Gated, rewritten } from '../carrier.ts'

/** Beta names that Bedrock knows; any other makes it refuse the whole request ("invalid beta flag"). */
const KNOWN_BETAS: readonly RegExp[] = [
  /^interleaved-thinking-/,
  /^context-management-/,
  /^context-1m-/,
  /^compact-/,
  /^computer-use-/,
  /^token-efficient-tools-/,
  /^fine-grained-tool-streaming-/,
  /^output-128k-/,
  /^dev-full-thinking-/,
  /^effort-/,
  /^tool-search-tool-/,
  /^tool-examples-/,
  /^thinking-binding-controls-/,
]

const has = (betas: readonly string[], name: RegExp): boolean => betas.some((beta) => name.test(beta))

/** Root members, and the beta without which each is refused. `never`: refused on this surface whatever is said. */
const ROOT: readonly (readonly [member: string, beta: RegExp | 'never'])[] = [
  ['context_management', /^context-management-/],
  ['mcp_servers', 'never'],
  ['container', 'never'],
  ['cache_control', 'never'],
  ['service_tier', 'never'],
  ['inference_geo', 'never'],
  ['speed', 'never'],
  ['fallbacks', 'never'],
]

/** Tool versions that Bedrock knows under their successor. */
const TOOL_TYPES: Readonly<Record<string, string>> = {
  bash_20241022: 'bash_20250124',
  text_editor_20241022: 'text_editor_20250728',
  computer_20241022: 'computer_20250124',
}

/** The vendor's server runs these; on Bedrock only tool search exists. */
const SERVER_TOOL = /^(web_search|web_fetch|code_execution|mcp_toolset|memory)_\d/

/** The line that Claude Code puts first, a reserved word on Bedrock. */
const BILLING = /^x-anthropic-billing-header/

/** Words without which nothing in a list of messages, tools or system blocks can need a change. */
const DEEP =
  /"(?:scope|defer_loading|eager_input_streaming|input_examples|tool_reference)"|x-anthropic-billing-header|_\d{8}"/

function gate(body: JsonObject, betas: readonly string[]): Gated {
  const notes: Note[] = []
  const changes: Record<string, Json | undefined> = {}
  const drop = (field: string, why: string): void => {
    notes.push({ field, action: 'dropped', why })
  }
  const kept = betas.filter((beta) => KNOWN_BETAS.some((known) => known.test(beta)))
  for (const beta of betas)
    if (!kept.includes(beta))
      drop(`anthropic-beta.${beta}`, 'Amazon Bedrock refuses beta names it does not know')
  for (const [member, beta] of ROOT) {
    if (body[member] === undefined) continue
    if (beta !== 'never' && has(kept, beta)) continue
    changes[member] = undefined
    drop(
      member,
      beta === 'never' ? 'Amazon Bedrock refuses it' : 'Amazon Bedrock takes it only with its beta',
    )
  }
  for (const member of ['system', 'messages', 'tools'] as const) {
    const value = body[member]
    if (value === undefined || !DEEP.test(JSON.stringify(value))) continue
    const next = member === 'tools' ? gatedTools(value, kept, drop) : gatedContent(member, value, drop)
    if (next !== value) changes[member] = next
  }
  return { changes, betas: kept, notes }
}

function gatedContent(
  member: 'system' | 'messages',
  value: Json,
  drop: (field: string, why: string) => void,
): Json {
  let next = value
  if (member === 'system' && Array.isArray(value)) {
    const left = value.filter(
      (block) => !(isObject(block) && typeof block.text === 'string' && BILLING.test(block.text)),
    )
    if (left.length < value.length) {
      drop('system', 'Amazon Bedrock refuses the reserved attribution line')
      next = left
    }
  }
  return rewritten(next, (node) => withoutScope(node, drop))
}

function gatedTools(value: Json, betas: readonly string[], drop: (field: string, why: string) => void): Json {
  if (!Array.isArray(value)) return value
  let changed = false
  const next = value.flatMap((tool, index): Json[] => {
    if (!isObject(tool)) return [tool]
    const field = `tools[${index}]`
    const wire: JsonObject = { ...(withoutScope(tool, drop) ?? tool) }
    if (typeof tool.type === 'string') {
      if (SERVER_TOOL.test(tool.type)) {
        drop(field, 'Amazon Bedrock runs no server tools')
        changed = true
        return []
      }
      const type = TOOL_TYPES[tool.type]
      if (type !== undefined) wire.type = type
    }
    for (const [member, beta] of TOOL_MEMBERS)
      if (wire[member] !== undefined && !(beta !== 'never' && has(betas, beta))) {
        delete wire[member]
        drop(`${field}.${member}`, 'Amazon Bedrock refuses it')
      }
    const same = JSON.stringify(wire) === JSON.stringify(tool)
    if (!same) changed = true
    return [same ? tool : wire]
  })
  return changed ? next : value
}

const TOOL_MEMBERS: readonly (readonly [member: string, beta: RegExp | 'never'])[] = [
  ['defer_loading', /^tool-search-tool-/],
  ['eager_input_streaming', 'never'],
  ['input_examples', /^tool-examples-/],
]

/** `cache_control.scope` is refused; the breakpoint itself stays. */
function withoutScope(node: JsonObject, drop: (field: string, why: string) => void): JsonObject | undefined {
  const mark = node.cache_control
  if (!isObject(mark) || mark.scope === undefined) return undefined
  const { scope: _scope, ...rest } = mark
  drop('cache_control.scope', 'Amazon Bedrock refuses it')
  return { ...node, cache_control: rest }
}

export const bedrockInvoke: Carrier = {
  omit: ['model', 'stream'],
  add: { anthropic_version: 'bedrock-2023-05-31' },
  betaMember: 'anthropic_beta',
  stream: 'aws-chunks',
  count: {
    wrap(body) {
      // What is counted must be a whole request, and a count has no limit of its own.
      const whole = { max_tokens: 1, ...(JSON.parse(body) as JsonObject) }
      return { input: { invokeModel: { body: Buffer.from(JSON.stringify(whole)).toString('base64') } } }
    },
    read: (answer) =>
      isObject(answer) && typeof answer.inputTokens === 'number' ? answer.inputTokens : undefined,
  },
  gate,
}
