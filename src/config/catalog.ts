// `catalog:` of the configuration: what the operator knows of models, over what the built-in catalogue says.

import { z } from 'zod'
import type { ModelEntry } from '../catalog/entry.ts'
import type { Price } from '../core/price.ts'

const rate = z.number().nonnegative()
const rates = {
  input: rate.optional(),
  output: rate.optional(),
  cache_read: rate.optional(),
  cache_write: rate.optional(),
  cache_write_1h: rate.optional(),
  reasoning: rate.optional(),
  audio_input: rate.optional(),
  audio_output: rate.optional(),
}
const modality = z.enum(['text', 'image', 'document', 'audio', 'video'])

/** By model, `provider/model` or `endpoint/model`. Prices are US dollars per million tokens. */
export const catalogSchema = z.record(
  z.string(),
  z.object({
    context_tokens: z.number().int().positive().optional(),
    max_output_tokens: z.number().int().positive().optional(),
    input: z.array(modality).optional(),
    output: z.array(modality).optional(),
    tools: z.boolean().optional(),
    reasoning: z.boolean().optional(),
    json_schema: z.boolean().optional(),
    sampling: z.boolean().optional(),
    efforts: z.array(z.string()).optional(),
    price: z
      .object({
        ...rates,
        as_of: z.string().optional(),
        tiers: z.array(z.object({ above: z.number().int().positive(), ...rates })).optional(),
      })
      .optional(),
  }),
)

type Rates = { [name in keyof typeof rates]?: number | undefined }

export function catalogOf(entries: z.infer<typeof catalogSchema>): Record<string, ModelEntry> {
  return Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, entryOf(entry)]))
}

function entryOf(given: z.infer<typeof catalogSchema>[string]): ModelEntry {
  const { price } = given
  return known<ModelEntry>({
    contextTokens: given.context_tokens,
    maxOutputTokens: given.max_output_tokens,
    input: given.input,
    output: given.output,
    tools: given.tools,
    reasoning: given.reasoning,
    jsonSchema: given.json_schema,
    sampling: given.sampling,
    efforts: given.efforts,
    price:
      price === undefined
        ? undefined
        : known<Price>({
            asOf: price.as_of ?? 'the configuration',
            ...ratesOf(price),
            tiers: price.tiers
              ?.map((tier) => ({ above: tier.above, ...ratesOf(tier) }))
              .toSorted((a, b) => a.above - b.above),
          }),
  })
}

function ratesOf(given: Rates): Omit<Price, 'asOf' | 'tiers'> {
  return known<Omit<Price, 'asOf' | 'tiers'>>({
    input: given.input,
    output: given.output,
    cacheRead: given.cache_read,
    cacheWrite: given.cache_write,
    cacheWrite1h: given.cache_write_1h,
    reasoning: given.reasoning,
    audioInput: given.audio_input,
    audioOutput: given.audio_output,
  })
}

/** Without the members that nobody gave. */
function known<T extends object>(members: { [name in keyof T]: T[name] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T
}
