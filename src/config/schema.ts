// One zod schema for trunkline.yaml and the two foreign files read as they stand (LiteLLM's and document 004's). Keys
// of several words may be written in camelCase or snake_case; unknown keys are found by the loader, which knows places.

import { z } from 'zod'
import { catalogSchema } from './catalog.ts'
import { cloudAccessKeys } from './cloud-access.ts'
import { dialectName, hostSchema } from './hosts.ts'

const scalarText = z.union([z.string(), z.number()], 'expected a text').transform(String)

/** `${PORT}` gives text also where a number or a switch is meant. */
const unquoted = <T extends z.ZodType>(inner: T): z.ZodType<z.infer<T>> =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return value
    if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
    return value === 'true' ? true : value === 'false' ? false : value
  }, inner)

const positive = unquoted(z.number().positive())
const flag = unquoted(z.boolean())

const count = unquoted(z.number().int().positive())
const nonnegative = unquoted(z.number().nonnegative())
const share = unquoted(z.number().min(0).max(1))

const rateLimit = z.object({
  rpm: positive.optional(),
  tpm: positive.optional(),
  requests_per_second: positive.optional(),
  max_pace_ms: nonnegative.optional(),
  concurrency: count.optional(),
  adaptive: z.object({ min: count.optional(), max: count.optional() }).optional(),
  max_queue: unquoted(z.number().int().nonnegative()).optional(),
  queue_wait_ms: nonnegative.optional(),
})

const abilities = z.object({
  tools: flag.optional(),
  vision: flag.optional(),
  audio: flag.optional(),
  json_schema: flag.optional(),
  reasoning: flag.optional(),
  context_tokens: count.optional(),
})

const timeouts = z.object({
  connect: positive.optional(),
  first_byte: positive.optional(),
  idle: positive.optional(),
  total: unquoted(z.number().nonnegative()).optional(),
})

/** US dollars per million tokens. */
const price = z.object({
  input: unquoted(z.number().nonnegative()),
  output: unquoted(z.number().nonnegative()),
  cached_input: unquoted(z.number().nonnegative()).optional(),
})

const models = z.union(
  [
    z.array(
      z.union([
        scalarText,
        z.object({
          name: scalarText,
          upstream: scalarText.optional(),
          abilities: abilities.optional(),
          price: price.optional(),
        }),
      ]),
    ),
    z.record(z.string(), scalarText),
  ],
  'expected a list of names, of {name, upstream}, or a map of name to upstream name',
)

export const endpointSchema = z.object({
  provider: z.string().optional(),
  base_url: z.string().nullish(),
  api_key: scalarText.nullish(),
  api_key_env: z.string().optional(),
  api_key_file: z.string().optional(),
  api_keys: z.array(scalarText).optional(),
  auth_type: z.enum(['none', 'bearer']).optional(),
  ...cloudAccessKeys,
  models: models.nullish(),
  rate_limit: rateLimit.optional(),
  timeouts: timeouts.optional(),
  max_retries: unquoted(z.number().int().min(0).max(5)).optional(),
  breaker: z.object({ failures: count.optional(), open_ms: positive.optional() }).optional(),
  headers: z.record(z.string(), scalarText).optional(),
  custom_headers: z.record(z.string(), scalarText).optional(),
  organization: z.string().optional(),
  priority: unquoted(z.number().int()).optional(),
  probe: z.enum(['gate', 'report', 'off']).optional(),
  probe_require_models: flag.optional(),
  tls: z
    .object({
      insecure: flag.optional(),
      ca_file: z.string().optional(),
      cert_file: z.string().optional(),
      key_file: z.string().optional(),
    })
    .optional(),
  /** Of what the provider speaks, only these; hosts of OpenAI's kind may speak more than their record says. */
  dialects: z.array(dialectName).min(1).optional(),
})

/** A literal, or `/a regular expression/i`. */
const patterns = z.record(z.string(), scalarText)

const when = z.object({
  header: patterns.optional(),
  metadata: patterns.optional(),
  model: scalarText.optional(),
  min_bytes: nonnegative.optional(),
  max_bytes: nonnegative.optional(),
  min_tokens: nonnegative.optional(),
  max_tokens: nonnegative.optional(),
  stream: flag.optional(),
  text: scalarText.optional(),
  time: z
    .object({
      from: z.string().optional(),
      to: z.string().optional(),
      days: z.array(z.string()).optional(),
      zone: z.string().optional(),
    })
    .optional(),
})

const names = z.array(z.string())

export const routeSchema = z.object({
  strategy: z
    .enum(['priority', 'round_robin', 'weighted', 'least_busy', 'fastest', 'cheapest', 'headroom'])
    .optional(),
  targets: z
    .array(
      z.union(
        [
          z.string(),
          z.object({
            to: z.string(),
            weight: positive.optional(),
            tier: unquoted(z.number().int().nonnegative()).optional(),
            canary: share.optional(),
            when: when.optional(),
          }),
        ],
        'expected "endpoint/model" or {to: endpoint/model, weight, tier, canary, when}',
      ),
    )
    .min(1),
  fallback: z
    .union(
      [
        names,
        z.object({
          unavailable: names.optional(),
          rate_limited: names.optional(),
          context_too_long: names.optional(),
          content_refused: names.optional(),
          timeout: names.optional(),
        }),
      ],
      'expected a list of routes, or one list per cause: unavailable, rate_limited, context_too_long, content_refused, timeout',
    )
    .optional(),
  by_ability: flag.optional(),
  sticky: z.enum(['off', 'hints', 'prefix']).optional(),
  shadow: z.object({ to: z.string(), share: share.optional() }).optional(),
  retry: z
    .object({
      max: unquoted(z.number().int().min(0).max(5)).optional(),
      base_ms: positive.optional(),
      cap_ms: positive.optional(),
      jitter: z.enum(['full', 'decorrelated']).optional(),
      budget: share.optional(),
    })
    .optional(),
  deadline_ms: positive.optional(),
  hedge: z.object({ share: share.optional(), min_delay_ms: nonnegative.optional() }).optional(),
  min_tokens_per_second: positive.optional(),
  keep_alive_after_ms: positive.optional(),
  limits: rateLimit.optional(),
  priority: unquoted(z.number().int()).optional(),
})

export const serverSchema = z.object({
  host: z.string().optional(),
  port: unquoted(z.number().int().min(0).max(65_535)).optional(),
  master_key: scalarText.nullish(),
  admin_key: scalarText.nullish(),
  secret_key: scalarText.nullish(),
  allow_open: flag.optional(),
  data_dir: z.string().nullish(),
  http_proxy: z.string().nullish(),
  https_proxy: z.string().nullish(),
  no_proxy: z.string().nullish(),
  max_body_bytes: positive.optional(),
  max_upload_bytes: positive.optional(),
  strict: flag.optional(),
  caller_limits: rateLimit.optional(),
})

const litellmParams = z.looseObject({
  model: z.string(),
  api_base: z.string().nullish(),
  api_key: scalarText.nullish(),
  api_version: scalarText.nullish(),
  rpm: positive.optional(),
  tpm: positive.optional(),
  timeout: positive.optional(),
})

const litellmRouting = z.looseObject({
  fallbacks: z.array(z.record(z.string(), z.array(z.string()))).nullish(),
  context_window_fallbacks: z.array(z.record(z.string(), z.array(z.string()))).nullish(),
  content_policy_fallbacks: z.array(z.record(z.string(), z.array(z.string()))).nullish(),
  num_retries: unquoted(z.number().int().nonnegative()).nullish(),
  model_group_alias: z
    .record(z.string(), z.union([z.string(), z.looseObject({ model: z.string() })]))
    .nullish(),
})

export const fileSchema = z.object({
  server: serverSchema.optional(),
  endpoints: z.record(z.string(), endpointSchema).nullish(),
  hosts: z.record(z.string(), hostSchema).nullish(),
  routes: z.record(z.string(), routeSchema).nullish(),
  aliases: z.record(z.string(), z.string()).nullish(),
  catalog: catalogSchema.nullish(),
  discovery: z
    .object({
      local_scan: flag.optional(),
      peers: z.union([z.array(z.string()), z.string()]).optional(),
      scan_interval_s: unquoted(z.number().int().nonnegative()).optional(),
    })
    .nullish(),
  model_list: z.array(z.looseObject({ model_name: scalarText, litellm_params: litellmParams })).nullish(),
  litellm_settings: litellmRouting.nullish(),
  router_settings: litellmRouting.nullish(),
  general_settings: z.looseObject({ master_key: scalarText.nullish() }).nullish(),
  environment_variables: z.record(z.string(), z.unknown()).nullish(),
  providers: z
    .record(
      z.string(),
      z.object({
        api_key: scalarText.nullish(),
        base_url: z.string().nullish(),
        rate_limit: rateLimit.optional(),
        embedding_model: z.string().optional(),
        quota_alert_threshold: z.number().optional(),
      }),
    )
    .nullish(),
  model: z.object({ provider: z.string(), model: scalarText }).optional(),
  retry: z
    .object({
      max_attempts: positive.optional(),
      initial_backoff_ms: positive.optional(),
      max_backoff_ms: positive.optional(),
      backoff_multiplier: positive.optional(),
    })
    .optional(),
})

export type File = z.infer<typeof fileSchema>
export type EndpointEntry = z.infer<typeof endpointSchema>
export type RouteEntry = z.infer<typeof routeSchema>
export type RateLimitEntry = z.infer<typeof rateLimit>

/** Known keys by path, for the nearest-key hint; `*` stands for any name. Loose blocks take any key. */
export function knownKeys(path: readonly string[]): readonly string[] | undefined {
  let node: z.ZodType | undefined = fileSchema
  for (const step of path) {
    node = structured(unwrap(node), /^\d+$/.test(step))
    if (node instanceof z.ZodObject) {
      const next: unknown = (node.shape as Record<string, unknown>)[step]
      if (!(next instanceof z.ZodType)) return undefined
      node = next
    } else if (node instanceof z.ZodRecord) node = node.valueType as z.ZodType
    else if (node instanceof z.ZodArray) node = node.element as z.ZodType
    else return undefined
  }
  node = structured(unwrap(node), false)
  if (!(node instanceof z.ZodObject) || node.def.catchall) return undefined
  return Object.keys(node.shape)
}

/** Of alternatives the one that has members: a list for an index, else an object. */
function structured(node: z.ZodType | undefined, index: boolean): z.ZodType | undefined {
  if (!(node instanceof z.ZodUnion)) return node
  const options = (node.options as z.ZodType[]).map(unwrap)
  return options.find((option) =>
    index ? option instanceof z.ZodArray : option instanceof z.ZodObject || option instanceof z.ZodRecord,
  )
}

function unwrap(node: z.ZodType | undefined): z.ZodType | undefined {
  let inner = node
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap() as z.ZodType
  return inner
}
