// The admin API's vocabulary: one zod schema for everything it takes and gives. Types for the console and the command
// line, the OpenAPI document and the checks of what comes in are all derived from here.

import { z } from 'zod'
import { endpointSchema, routeSchema } from '../../config/schema.ts'

const source = z.enum(['config', 'env', 'ui', 'auto-discovery', 'demo']).meta({ id: 'Source' })

const healthState = z.enum(['ok', 'down', 'checking', 'unknown']).meta({
  id: 'HealthState',
  description: 'unknown: nobody asked it yet',
})

const circuit = z.enum(['closed', 'open', 'half_open']).meta({ id: 'CircuitState' })

const isoTime = z.string().meta({ format: 'date-time' })

// ---------------------------------------------------------------- failures

export const failure = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .meta({ id: 'Failure', description: 'Every failure of this API, in the shape of OpenAI.' })

// ---------------------------------------------------------------- endpoints

export const endpointRow = z
  .object({
    id: z.string(),
    name: z.string().meta({ description: 'host of the address' }),
    url: z.string(),
    provider: z.string(),
    type: z.string().meta({ description: 'the provider, as people write it' }),
    source,
    shadowed: z
      .boolean()
      .meta({ description: 'another source has the same id and wins; this row does not serve' }),
    shadowed_by: source.nullable(),
    enabled: z.boolean(),
    editable: z
      .boolean()
      .meta({ description: 'may be changed and deleted here; what a file declares is changed there' }),
    persisted: z.boolean().meta({ description: 'survives a restart' }),
    status: z.enum(['Live', 'FOUND', 'IGNORED', 'DISCOVERED']),
    health: healthState,
    health_reason: z.string().nullable(),
    latency: z.string().meta({ description: '"12ms", or "--" when it was never asked' }),
    latency_ms: z.number().nullable(),
    last_checked_at: isoTime.nullable(),
    priority: z.number().int(),
    models: z.array(z.string()).meta({ description: 'declared names' }),
    models_found: z.array(z.string()).meta({ description: 'names its own list told, where it was asked' }),
    wildcard: z
      .boolean()
      .meta({ description: 'declares no models: any name is passed on, as a last resort' }),
    circuit_state: circuit,
    failure_count: z.number().int(),
    failure_threshold: z.number().int(),
    has_credential: z.boolean(),
    credential: z.enum(['none', 'present', 'memory', 'locked']).meta({
      description:
        'memory: lost at a restart, for no secret key is set; locked: sealed under another secret key, the endpoint cannot be called',
    }),
    rate_limit: z.object({
      rpm: z.number().optional(),
      tpm: z.number().optional(),
      requests_per_second: z.number().optional(),
    }),
    etag: z.string(),
    warning: z
      .string()
      .optional()
      .meta({ description: 'after a change: what the operator should know of it' }),
  })
  .meta({ id: 'Endpoint' })
export type EndpointRow = z.infer<typeof endpointRow>

export const endpointList = z
  .object({ object: z.literal('list'), data: z.array(endpointRow), total: z.number().int() })
  .meta({ id: 'EndpointList' })

export const endpointDetail = endpointRow
  .extend({
    entry: z
      .unknown()
      .meta({ description: 'the entry as it would stand in trunkline.yaml, without the credential' }),
    deployments: z.array(
      z.object({ model: z.string(), circuit_state: circuit, failure_count: z.number().int() }),
    ),
  })
  .meta({ id: 'EndpointDetail' })

const nameList = z.union([z.array(z.string().min(1)), z.string()], 'models must be a list of names').meta({
  description: 'a list, or one text with commas',
})

export const addEndpoint = z
  .strictObject({
    id: z
      .string('id must be a text')
      .meta({ description: 'lower-cased; 1 to 64 of a-z, 0-9, ".", "_" and "-"' }),
    url: z.string('url must be a text'),
    provider: z.string().optional(),
    priority: z.number().int().optional().meta({ description: 'clamped to -1000..1000' }),
    models: nameList.nullish(),
    api_key: z.string().nullish(),
    entry: endpointSchema.partial().optional().meta({ description: 'everything else an entry may say' }),
  })
  .meta({ id: 'AddEndpoint' })

export const added = endpointRow
  .extend({
    status: z.literal('added'),
  })
  .meta({ id: 'EndpointAdded' })

export const editEndpoint = z
  .strictObject({
    url: z.string().optional(),
    provider: z.string().optional(),
    priority: z.number().int().optional(),
    models: nameList.nullish(),
    enabled: z.boolean().optional(),
    api_key: z
      .string()
      .nullish()
      .meta({ description: 'null or "" takes the credential away; absent keeps it' }),
    entry: endpointSchema.partial().optional(),
  })
  .meta({ id: 'EditEndpoint' })

export const deleted = z
  .object({ id: z.string(), deleted: z.boolean(), warning: z.string().optional() })
  .meta({ id: 'Deleted' })

export const toggle = z
  .object({ enabled: z.boolean().optional().meta({ description: 'absent: the other way round' }) })
  .meta({ id: 'Toggle' })

export const priority = z.object({ priority: z.number('priority must be a number') }).meta({ id: 'Priority' })

export const probeResult = z
  .object({
    id: z.string(),
    ok: z.boolean(),
    status: z.number().int().meta({ description: 'HTTP status; 0: no HTTP answer' }),
    latency_ms: z.number(),
    models_count: z.number().int(),
    models: z.array(z.string()),
    url: z.string(),
    detail: z.string().optional(),
  })
  .meta({ id: 'ProbeResult' })
export type ProbeResult = z.infer<typeof probeResult>

/** A trial before anything is stored: the form's "test" button. */
export const tryEndpoint = addEndpoint.partial({ id: true }).meta({ id: 'TryEndpoint' })

export const candidate = z
  .object({
    id: z.string(),
    provider: z.string(),
    kind: z.string().meta({ description: 'the server it was recognised as' }),
    title: z.string(),
    base_url: z.string(),
    models: z.array(z.string()),
    version: z.string().nullable(),
    evidence: z.string(),
    locked: z.boolean().meta({ description: 'it asks for a key; nothing is registered until one is given' }),
    known_as: z.string().nullable().meta({ description: 'the endpoint that has this address already' }),
  })
  .meta({ id: 'Candidate' })
export type Candidate = z.infer<typeof candidate>

export const scanResult = z
  .object({
    candidates: z.array(candidate),
    total: z.number().int(),
    asked: z.number().int(),
    ms: z.number(),
  })
  .meta({ id: 'ScanResult' })
export type ScanResult = z.infer<typeof scanResult>

export const providerRow = z
  .object({
    id: z.string(),
    title: z.string(),
    base_url: z.string().nullable(),
    dialects: z.array(z.string()),
    key_variables: z.array(z.string()),
    local: z.boolean(),
  })
  .meta({ id: 'Provider' })
export const providerList = z
  .object({ object: z.literal('list'), data: z.array(providerRow) })
  .meta({ id: 'ProviderList' })
export type ProviderRow = z.infer<typeof providerRow>

// ---------------------------------------------------------------- routes and models

export const routeTargetRow = z.object({
  endpoint: z.string(),
  model: z.string(),
  weight: z.number(),
  health: healthState,
  circuit_state: circuit,
  calls: z.number().int().meta({ description: 'attempts among the calls remembered' }),
  share: z.number().nullable().meta({ description: 'of those, 0 to 1; null without any' }),
})

export const routeRow = z
  .object({
    name: z.string(),
    strategy: z.string(),
    targets: z.array(routeTargetRow),
    fallback: z.array(z.string()),
    source: z.enum(['config', 'ui', 'implicit']).meta({
      description: 'implicit: made of a declared model, not written down by anybody',
    }),
    entry: z.unknown().meta({ description: 'as it stands, or would stand, under routes.<name>' }),
    etag: z.string(),
    warning: z.string().optional(),
  })
  .meta({ id: 'Route' })
export type RouteRow = z.infer<typeof routeRow>
export const routeList = z
  .object({ object: z.literal('list'), data: z.array(routeRow) })
  .meta({ id: 'RouteList' })

export const editRoute = routeSchema.meta({ id: 'EditRoute' })

export const modelRow = z
  .object({
    id: z.string(),
    kind: z.enum(['route', 'implicit', 'alias', 'found']),
    alias_of: z.string().nullable(),
    endpoints: z.array(z.string()),
    available: z.boolean(),
    context_tokens: z.number().nullable(),
    max_output_tokens: z.number().nullable(),
  })
  .meta({ id: 'Model' })
export type ModelRow = z.infer<typeof modelRow>
export const modelList = z
  .object({ object: z.literal('list'), data: z.array(modelRow), total: z.number().int() })
  .meta({ id: 'ModelList' })

// ---------------------------------------------------------------- health and calls

export const overview = z
  .object({
    version: z.string(),
    url: z.string(),
    started_at: isoTime,
    uptime_s: z.number(),
    key_required: z.boolean(),
    endpoints: z.object({
      total: z.number().int(),
      ok: z.number().int(),
      down: z.number().int(),
      checking: z.number().int(),
      unknown: z.number().int(),
      disabled: z.number().int(),
      shadowed: z.number().int(),
    }),
    models: z.number().int(),
    routes: z.number().int(),
    default_model: z.string().nullable(),
    calls: z.object({
      total: z.number().int(),
      failed: z.number().int(),
      under_way: z.number().int(),
      input_tokens: z.number(),
      output_tokens: z.number(),
      by_status: z.record(z.string(), z.number()),
    }),
    store: z.object({
      place: z.string(),
      state: z.enum(['none', 'open', 'memory', 'failed']).meta({
        description: 'none: nothing had to be stored yet; memory or failed: changes do not survive a restart',
      }),
      message: z.string().nullable(),
      sealing: z.boolean().meta({ description: 'a secret key is set: credentials can be stored' }),
    }),
    discovery: z.object({
      enabled: z.boolean(),
      running: z.boolean(),
      last_scan_at: isoTime.nullable(),
      found: z.number().int(),
      peers: z.array(z.string()),
      interval_s: z.number(),
    }),
    problems: z.array(z.object({ severity: z.enum(['error', 'warning']), message: z.string() })),
    snippets: z
      .array(
        z.object({
          client: z.string(),
          title: z.string(),
          language: z.string(),
          text: z.string(),
        }),
      )
      .meta({ description: 'a line to paste for each client; <your key> stands for a key' }),
  })
  .meta({ id: 'Overview' })
export type Overview = z.infer<typeof overview>

export const healthReport = z
  .object({
    status: z.enum(['ok', 'degraded']),
    endpoints: z.array(
      z.object({
        id: z.string(),
        url: z.string(),
        source,
        health: healthState,
        step: z.string().nullable().meta({ description: 'the step of the probe that failed' }),
        reason: z.string().nullable(),
        advice: z.string().nullable(),
        models_endpoint_status_code: z.number().nullable(),
        latency_ms: z.number().nullable(),
        last_checked_at: isoTime.nullable(),
        circuit_state: circuit,
        failure_count: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'HealthReport' })
export type HealthReport = z.infer<typeof healthReport>

export const callRow = z
  .object({
    id: z.string(),
    at: isoTime,
    state: z.enum(['under_way', 'done']),
    operation: z.string(),
    dialect: z.string(),
    model: z.string().nullable(),
    route: z.string().nullable(),
    endpoint: z.string().nullable(),
    upstream_model: z.string().nullable(),
    stream: z.boolean(),
    status: z.number().int().nullable(),
    ms: z.number(),
    first_byte_ms: z.number().nullable(),
    overhead_ms: z.number().nullable(),
    attempts: z.number().int(),
    fallback: z.string().nullable(),
    input: z.number().nullable(),
    output: z.number().nullable(),
    notes: z.number().int(),
    ended_by: z.enum(['caller', 'gateway', 'upstream']).nullable(),
    error: z.object({ kind: z.string(), message: z.string() }).nullable(),
  })
  .meta({ id: 'Call' })
export type CallRow = z.infer<typeof callRow>
export const callList = z
  .object({ object: z.literal('list'), data: z.array(callRow), under_way: z.number().int() })
  .meta({ id: 'CallList' })

export const callDetail = callRow
  .extend({
    path: z.string().nullable().meta({ description: 'relay, translate or demo' }),
    phase: z.string(),
    picks: z.array(
      z.object({
        route: z.string(),
        strategy: z.string(),
        because: z.string().nullable(),
        order: z.array(z.number().int()),
        candidates: z.array(
          z.object({
            endpoint: z.string(),
            model: z.string(),
            score: z.number().nullable(),
            refused: z.string().nullable(),
          }),
        ),
      }),
    ),
    tries: z.array(
      z.object({
        endpoint: z.string(),
        model: z.string(),
        reason: z.string(),
        started_ms: z.number(),
        ms: z.number().nullable(),
        first_byte_ms: z.number().nullable(),
        phase: z.string(),
        status: z.number().nullable(),
        outcome: z.string().nullable(),
        message: z.string().nullable(),
      }),
    ),
    waits: z.array(z.object({ why: z.string(), ms: z.number(), place: z.number().nullable() })),
    note_list: z.array(z.object({ field: z.string(), action: z.string(), why: z.string() })),
    upload: z
      .object({
        bytes: z.number().int(),
        held_bytes: z.number().int().meta({ description: 'most of it that was held at once' }),
        repeatable: z.boolean().meta({
          description: 'false: more had gone out than was held, so nothing else could be tried',
        }),
      })
      .nullable()
      .meta({ description: 'a form that was sent on while it came' }),
  })
  .meta({ id: 'CallDetail' })
export type CallDetail = z.infer<typeof callDetail>

// ---------------------------------------------------------------- configuration

export const problem = z
  .object({
    severity: z.enum(['error', 'warning']),
    message: z.string(),
    file: z.string().nullable(),
    line: z.number().int().nullable(),
    column: z.number().int().nullable(),
  })
  .meta({ id: 'Problem' })

export const settingRow = z
  .object({
    key: z.string(),
    value: z.unknown(),
    level: z.enum(['flag', 'config', 'env', 'default']).meta({
      description: 'which level supplied the value: flag, then config file, then environment, then default',
    }),
    from: z.string().nullable().meta({ description: 'the place: file:line, or the name of the variable' }),
    default: z.unknown(),
    secret: z.boolean(),
    restart: z.boolean().meta({ description: 'takes effect at the next start' }),
    description: z.string(),
  })
  .meta({ id: 'Setting' })
export type SettingRow = z.infer<typeof settingRow>
export const settingList = z
  .object({ object: z.literal('list'), data: z.array(settingRow) })
  .meta({ id: 'SettingList' })

export const configView = z
  .object({
    file: z.string().nullable().meta({ description: 'null: no file; apply writes trunkline.yaml' }),
    writable: z.boolean(),
    text: z
      .string()
      .meta({ description: 'as it stands in the file; secrets written out are shown as "[secret]"' }),
    etag: z.string(),
    effective: z.unknown().meta({ description: 'what it all comes to, every source merged, secrets masked' }),
    problems: z.array(problem),
    version: z.number().int().nullable(),
  })
  .meta({ id: 'ConfigView' })
export type ConfigView = z.infer<typeof configView>

export const configText = z
  .strictObject({
    text: z
      .string('text must be the whole file')
      .meta({ description: '"[secret]" keeps what stands there now' }),
    note: z.string().max(500).optional(),
  })
  .meta({ id: 'ConfigText' })

export const validation = z
  .object({ valid: z.boolean(), problems: z.array(problem) })
  .meta({ id: 'Validation' })

export const changeRow = z
  .object({
    kind: z.enum(['added', 'removed', 'changed']),
    what: z.enum(['endpoint', 'route', 'alias', 'setting']),
    id: z.string(),
    fields: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
  })
  .meta({ id: 'Change' })
export type ChangeRow = z.infer<typeof changeRow>

export const configPlan = validation
  .extend({
    changes: z.array(changeRow),
    restart: z.array(z.string()).meta({ description: 'settings that take effect at the next start' }),
    diff: z.string().meta({ description: 'line by line, unified, secrets masked' }),
  })
  .meta({ id: 'ConfigPlan' })
export type ConfigPlan = z.infer<typeof configPlan>

export const configApplied = configPlan
  .extend({
    applied: z.boolean(),
    version: z.number().int().nullable(),
    etag: z.string(),
    warning: z.string().nullable(),
  })
  .meta({ id: 'ConfigApplied' })

export const configVersion = z
  .object({
    version: z.number().int(),
    at: isoTime,
    actor: z.string(),
    hash: z.string(),
    bytes: z.number().int(),
    note: z.string().nullable(),
    current: z.boolean(),
  })
  .meta({ id: 'ConfigVersion' })
export const configHistory = z
  .object({ object: z.literal('list'), data: z.array(configVersion) })
  .meta({ id: 'ConfigHistory' })
export const configVersionText = configVersion.extend({ text: z.string() }).meta({ id: 'ConfigVersionText' })
export const rollback = z
  .strictObject({ version: z.number().int(), note: z.string().max(500).optional() })
  .meta({ id: 'Rollback' })

export const reloaded = z
  .object({
    reloaded: z.boolean(),
    endpoints: z.number().int(),
    problems: z.array(problem),
  })
  .meta({ id: 'Reloaded' })

// ---------------------------------------------------------------- audit and session

export const auditRow = z
  .object({
    seq: z.number().int(),
    at: isoTime,
    actor: z.string(),
    from: z.string(),
    action: z.string(),
    target: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditLine' })
export const auditList = z
  .object({ object: z.literal('list'), data: z.array(auditRow) })
  .meta({ id: 'AuditList' })
export const auditVerdict = z
  .object({
    ok: z.boolean(),
    lines: z.number().int(),
    broken_at: z.number().int().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'AuditVerdict' })

export const login = z.strictObject({ key: z.string('key must be a text') }).meta({ id: 'Login' })
export const session = z
  .object({
    authenticated: z.boolean(),
    key_required: z.boolean(),
    csrf_token: z.string().nullable().meta({ description: 'send it as x-csrf-token with every change' }),
    expires_at: isoTime.nullable(),
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof session>
export const loggedOut = z.object({ authenticated: z.literal(false) }).meta({ id: 'LoggedOut' })
