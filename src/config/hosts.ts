// `hosts:` of trunkline.yaml: a provider record written by the operator, for a host that is not listed here. It says the
// same things as the records in src/providers, in the same vocabulary.

import { z } from 'zod'
import type { Quirks } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import { openaiLike } from '../providers/openai-like.ts'
import type { AuthScheme, ProviderRecord, Spoken } from '../providers/provider.ts'

const DIALECTS = [
  'openai-chat',
  'openai-responses',
  'openai-completions',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere',
  'ollama',
  'ollama-generate',
] as const satisfies readonly DialectId[]

export const dialectName = z.enum(DIALECTS)

const words = z.array(z.string())
const json: z.ZodType = z.json()

/** The vocabulary of core/dialect.ts, spelt as configuration keys are. */
const quirksSchema = z.object({
  drop: words.optional(),
  rename: z.record(z.string(), z.string()).optional(),
  force: z.record(z.string(), json).optional(),
  clamp: z
    .record(z.string(), z.object({ min: z.number().optional(), max: z.number().optional() }))
    .optional(),
  instruction_role: z.enum(['system', 'developer']).optional(),
  max_tokens_field: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
  stream_usage: z.enum(['ok', 'never']).optional(),
  reasoning_field: z
    .enum(['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_parts', 'think_tags', 'none'])
    .optional(),
  reasoning_always: z.boolean().optional(),
  reasoning_off: z.record(z.string(), json).optional(),
  efforts: z.record(z.string(), z.string()).optional(),
  think_tags: z.boolean().optional(),
  output_excludes_reasoning: z.union([z.boolean(), z.enum(['if_larger', 'from_total'])]).optional(),
  tool_choice: z
    .enum(['named', 'string', 'auto_only', 'omit_auto', 'auto_while_thinking', 'none'])
    .optional(),
  json_format: z.enum(['object', 'schema_only', 'text']).optional(),
  json_or_tools: z.boolean().optional(),
  tool_call_ids: z.enum(['nine', 'repeated']).optional(),
  whole_answers: z.enum(['unless_thinking']).optional(),
  citations: z.enum(['numbered']).optional(),
  frames: z.enum(['cloudflare']).optional(),
  prefill: z.enum(['prefix_echoed', 'partial', 'continue_final_message', 'implicit']).optional(),
  text_in: z.enum(['message']).optional(),
  written_calls: z.boolean().optional(),
  tool_parameters: z.enum(['required', 'properties']).optional(),
  content: z.enum(['string']).optional(),
  alternate_roles: z.boolean().optional(),
  nulls: z.enum(['refused']).optional(),
  orphans: z.enum(['refused']).optional(),
  stop: z.enum(['list']).optional(),
  logprobs: z.enum(['number']).optional(),
  message_name: z.enum(['refused']).optional(),
  custom_tools: z.enum(['ok']).optional(),
  allowed_tools: z.enum(['ok']).optional(),
})

const auth = z.union(
  [z.enum(['bearer', 'none']), z.object({ header: z.string() })],
  'expected bearer, none or {header: <name>}',
)

export const hostSchema = z.object({
  title: z.string().optional(),
  base_url: z.string().optional(),
  env: words.optional(),
  auth: auth.optional(),
  speaks: z
    .array(
      z.object({
        dialect: dialectName,
        path: z.string(),
        stream_path: z.string().optional(),
        count_path: z.string().optional(),
        compact_path: z.string().optional(),
        stateless: z.boolean().optional(),
        functions_only: z.boolean().optional(),
      }),
    )
    .min(1)
    .optional(),
  paths: z.record(z.string(), z.string()).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  quirks: quirksSchema.optional(),
  local: z.boolean().optional(),
})

type HostEntry = z.infer<typeof hostSchema>

/** The record an operator declared under `hosts.<id>`. */
export function hostRecord(id: string, entry: HostEntry): ProviderRecord {
  const like = openaiLike({
    id,
    title: entry.title ?? id,
    key: entry.env ?? [],
    quirks: quirksOf(entry.quirks ?? {}),
    ...(entry.base_url === undefined ? {} : { base: entry.base_url }),
    ...(entry.auth === undefined ? {} : { auth: authOf(entry.auth) }),
    ...(entry.paths === undefined ? {} : { paths: entry.paths }),
    ...(entry.local === undefined ? {} : { local: entry.local }),
  })
  return {
    ...like,
    ...(entry.speaks === undefined ? {} : { speaks: entry.speaks.map(spokenOf) }),
    ...(entry.headers === undefined ? {} : { headers: entry.headers }),
  }
}

function spokenOf(entry: NonNullable<HostEntry['speaks']>[number]): Spoken {
  return {
    dialect: entry.dialect,
    path: entry.path,
    ...(entry.stream_path === undefined ? {} : { streamPath: entry.stream_path }),
    ...(entry.count_path === undefined ? {} : { countPath: entry.count_path }),
    ...(entry.compact_path === undefined ? {} : { compactPath: entry.compact_path }),
    ...(entry.stateless === undefined ? {} : { stateless: entry.stateless }),
    ...(entry.functions_only === undefined ? {} : { functionsOnly: entry.functions_only }),
  }
}

function authOf(entry: z.infer<typeof auth>): AuthScheme {
  return typeof entry === 'string' ? { type: entry } : { type: 'header', name: entry.header }
}

function quirksOf(entry: z.infer<typeof quirksSchema>): Quirks {
  return Object.fromEntries(
    Object.entries(entry).map(([key, value]) => [
      key.replace(/_(\w)/g, (_all, letter: string) => letter.toUpperCase()),
      value,
    ]),
  ) as Quirks
}
