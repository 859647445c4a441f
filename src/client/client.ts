// `createClient`: providers by name, one set of methods for all of them. This file puts the pieces together; what each
// decides stands in the file named after it. Importing it does nothing; transport and file readers load when first used.

import type { Config } from '../config/config.ts'
import { surroundings } from '../config/surroundings.ts'
import { modelFacts } from '../catalog/index.ts'
import { cancel as newCancel } from '../core/cancel.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import type { Note } from '../core/note.ts'
import type { GenerationRequest } from '../core/request.ts'
import type { GenerationResponse } from '../core/response.ts'
import { toolNames } from '../core/tool-names.ts'
import { dialects } from '../dialects/index.ts'
import { betaNames, carried } from '../providers/carrier.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type Spoken, quirksOf, spokenTo } from '../providers/provider.ts'
import type { Pools } from '../upstream/pools.ts'
import { type ChatAnswer, answerOf } from './answer.ts'
import { BREAKER, type BreakerPolicy } from './breaker.ts'
import type { CustomModel } from './custom-model.ts'
import { customChat, customEmbed, customStream } from './custom.ts'
import { type EmbedAnswer, embedBody, embedAnswer } from './embed.ts'
import { InvalidAnswer, LlmError, Other } from './errors.ts'
import { type EventFeed, type Post, type WholeAnswer, askStream, askWhole, decoded } from './exchange.ts'
import { type ProviderMetadata, listsWithoutKey } from './metadata.ts'
import { type ModelList, declaredList, liveList } from './models.ts'
import { type Registered, type RegisteredProvider, knownNames, namedProvider } from './named.ts'
import type { ClientOptions, OptionName } from './options.ts'
import { type ProbeReport, probeReport } from './probe.ts'
import { type ChatRequest, asRequest, canonicalRequest } from './request.ts'
import { type Explanation, type Levels, type Resolved, explain, resolve } from './resolve.ts'
import { RETRY, type RetryPolicy } from './retry-plan.ts'
import type { Settings } from './settings.ts'
import { type DocumentSpelling, spelt } from './spelling.ts'
import { type ChatStream, type ClientEvent, chatStream, eventMapper } from './stream.ts'
import { type Done, type RetryEvent, type TryContext, memory, withTries } from './tries.ts'
import { type StandardSchema, repairTurn, validated } from './validate.ts'
import { asError, cancelOf, clientClock } from './wait.ts'

export interface CreateOptions extends ClientOptions, DocumentSpelling {
  /** Config file; default: what is found in `cwd` (trunkline.yaml, config.yaml, config/llm.yaml ...). false: none. */
  config?: string | false
  /** Document 001's dotted keys: an object, looked at on every call, or a JSON or YAML file. */
  settings?: Settings | string
  /** Default: the process's own, with `.env` of `cwd` below it. */
  env?: Readonly<Record<string, string | undefined>>
  cwd?: string
  retry?: Partial<RetryPolicy>
  /** false: none. */
  breaker?: Partial<BreakerPolicy> | false
  onRetry?(event: RetryEvent): void
  /** A value that cannot be used, an unknown key ... Default: process warnings. */
  onWarning?(message: string): void
  clock?: Clock
  random?: Random
}

export interface CallOptions extends ClientOptions, DocumentSpelling {
  signal?: AbortSignal
}

export interface ChatOptions<T = undefined> extends CallOptions {
  /** A Standard Schema (zod, valibot ...) for a JSON answer. */
  validate?: StandardSchema<T>
  /** Ask once more, telling what is wrong, when the answer does not satisfy `validate`. */
  repair?: boolean
}

export interface ProviderInfo extends ProviderMetadata {
  name: string
  title: string
  /** undefined: it must be given. */
  defaultBaseUrl: string | undefined
  requiresAuthForModels: boolean
  /** Where it is known from. */
  from: 'registered' | 'config' | 'env' | 'built-in'
}

export interface Client {
  /** @throws RateLimit, ServerError, Other, InvalidAnswer, or the signal's own reason. */
  chat<T = undefined>(request: ChatRequest | string, options?: ChatOptions<T>): Promise<ChatAnswer<T>>
  /** Errors come out of the iteration and of `final()`. */
  stream(request: ChatRequest | string, options?: CallOptions): ChatStream
  /** Vectors in the order of the input; an empty input makes no call. */
  embed(input: string | readonly string[], options?: CallOptions): Promise<EmbedAnswer>
  /** One shot: a prompt in, text out. */
  complete(prompt: string, options?: CallOptions): Promise<string>
  /** The live list, or the declared names marked as not live. Never throws for a failing endpoint. */
  listModels(options?: CallOptions): Promise<ModelList>
  /** Reachable, model listed, chat answers; with `features`, what else works, with evidence. */
  probe(options?: CallOptions & { features?: boolean }): Promise<ProbeReport>
  /** Configured, and its model list or a chat answers. */
  isAvailable(options?: CallOptions): Promise<boolean>
  requiresAuthForModels(provider?: string): Promise<boolean>
  /** Every provider this client knows by name. */
  providers(): Promise<ProviderInfo[]>
  /** Which level supplies an option, and what it hides. */
  explain(option: OptionName, options?: CallOptions): Promise<Explanation>
  /** The address a call would go to, without making it. */
  resolve(
    options?: CallOptions,
  ): Promise<{ provider: string; baseUrl: string; model: string | undefined; chatUrl: string }>
  registerProvider(provider: RegisteredProvider): void
  registerModel(name: string, model: CustomModel): void
  /** Closes idle connections. A client that is not closed keeps nothing alive. */
  close(): Promise<void>
}

/** The form applications write, whatever the upstream speaks. */
const FACE = dialects.get('openai-chat') as GenerationDialect

/** @example const client = createClient({ provider: 'ollama', model: 'qwen3' }); (await client.chat('Hello')).text */
export function createClient(created: CreateOptions = {}): Client {
  const clock = created.clock ?? clientClock
  const random = created.random ?? Math.random
  const registered: Registered = { providers: new Map(), models: new Map() }
  const known = memory()
  const warned = new Set<string>()
  const tokens = new Map<string, EndpointConfig>()
  const warn = (message: string): void => {
    if (warned.has(message)) return
    warned.add(message)
    if (created.onWarning) created.onWarning(message)
    else process.emitWarning(message, 'TrunklineClient')
  }
  let loading: Promise<Base> | undefined
  let connections: Promise<Pools> | undefined

  const base = (): Promise<Base> => (loading ??= loadBase(created, warn))
  const pools = (): Promise<Pools> =>
    (connections ??= import('../upstream/pools.ts').then((module) => module.pools()))

  const levels = async (param: ClientOptions): Promise<Levels> => ({
    ...(await base()),
    param: { ...spelt(created), ...spelt(param) },
    registered,
    warn,
  })

  /** Where the levels lead. An endpoint that lives on tokens stays the same object, so that its tokens are kept. */
  const settle = (all: Levels): Resolved => {
    const target = resolve(all)
    if (!target.endpoint.access) return target
    const key = JSON.stringify([target.name, target.options])
    const before = tokens.get(key)
    if (before) return { ...target, endpoint: before }
    tokens.set(key, target.endpoint)
    return target
  }

  const custom = (options: ClientOptions): { name: string; model: CustomModel } | undefined => {
    const [asked, made] = [spelt(options), spelt(created)]
    for (const name of [asked.provider, asked.model, made.provider, made.model]) {
      const model = name === undefined ? undefined : registered.models.get(name.toLowerCase())
      if (model) return { name: name as string, model }
    }
    return undefined
  }

  const context = (
    target: Resolved,
    config: Config | undefined,
    model: string,
    estimate: number,
  ): TryContext => {
    const { options, name, endpoint } = target
    const rates: TryContext['rates'] = {}
    if (options.requestsPerSecond !== undefined) rates.requestsPerSecond = options.requestsPerSecond
    if (options.requestsPerMinute !== undefined) rates.requestsPerMinute = options.requestsPerMinute
    if (options.tokensPerMinute !== undefined) rates.tokensPerMinute = options.tokensPerMinute
    return {
      provider: name,
      model,
      account: `${name} ${endpoint.baseUrl}`,
      rates,
      estimate,
      retry: retryPolicy(created, config, options.maxRetries),
      breaker: created.breaker === false ? false : { ...BREAKER, ...created.breaker },
      memory: known,
      clock,
      random,
      cancel: newCancel(),
      ...(created.onRetry ? { onRetry: created.onRetry } : {}),
    }
  }

  /** Runs one call under its signal and its time limit. */
  const bounded = async <T>(
    call: TryContext,
    options: CallOptions,
    limitMs: number,
    run: () => Promise<T>,
  ): Promise<T> => {
    const { cancel: token, release } = cancelOf(options.signal)
    const stop = token.onRaise((reason) => call.cancel.raise(reason))
    const timer =
      limitMs > 0 ? clock.timer(limitMs, () => call.cancel.raise(tooLong(call.provider, limitMs))) : undefined
    try {
      return await run()
    } finally {
      stop()
      release()
      timer?.cancel()
    }
  }

  const prepare = async (
    input: ChatRequest | string,
    options: CallOptions,
    stream: boolean,
  ): Promise<Prepared> => {
    const request = asRequest(input)
    const all = await levels({ ...options, ...(request.model === undefined ? {} : { model: request.model }) })
    const target = settle(all)
    const model = modelOf(target)
    const spoken = spokenTo(target.endpoint.provider, FACE.id, upstreamName(target.endpoint, model))
    const dialect = spoken && dialects.get(spoken.dialect)
    if (!spoken || !dialect)
      throw refusal(
        `"${target.name}" (${target.endpoint.provider.title}) has no chat operation`,
        'unsupported_operation',
      )
    const { temperature, maxTokens, streaming } = target.options
    const streamed = streaming ?? stream
    const canonical = locally(() =>
      canonicalRequest(
        request,
        {
          model,
          account: target.name,
          ...(temperature === undefined ? {} : { temperature }),
          ...(maxTokens === undefined ? {} : { maxTokens }),
        },
        streamed,
        FACE,
      ),
    )
    return { target, config: all.config, model, spoken, dialect, canonical, streamed }
  }

  /** The canonical answer of one request, by whichever transport the options say. */
  const answer = async (prepared: Prepared, options: CallOptions): Promise<ChatAnswer<undefined>> => {
    const { target, model, streamed } = prepared
    const { post, notes } = encoded(prepared)
    const call = context(target, prepared.config, model, estimateOf(post))
    const line = { pools: await pools(), clock, cancel: call.cancel }
    return bounded(call, options, target.options.timeoutMs ?? 0, async () => {
      const done = await withTries(call, async () => {
        if (streamed || post.body.stream === true) return collected(await askStream(post, line))
        const whole = await askWhole(post, line)
        const response = readResponse(whole, post)
        return { response, headers: whole.headers }
      })
      if (done.value.response.usage) done.settle(tokensOf(done.value.response))
      return answerOf(
        done.value.response,
        {
          provider: target.name,
          model,
          headers: done.value.headers,
          notes,
          attempts: done.attempts,
          now: clock.now(),
        },
        FACE,
      )
    })
  }

  const chat = async <T>(input: ChatRequest | string, options: ChatOptions<T>): Promise<ChatAnswer<T>> => {
    const mine = custom(withModel(input, options))
    const once = async (request: ChatRequest | string): Promise<ChatAnswer<undefined>> =>
      mine
        ? customChat(mine, asRequest(request), options, FACE, clock.now())
        : answer(await prepare(request, options, false), options)
    const first = await once(input)
    const schema = options.validate
    if (!schema) return first as ChatAnswer<T>
    try {
      return { ...first, value: await validated(first.text, schema) }
    } catch (thrown) {
      if (!(thrown instanceof InvalidAnswer) || options.repair !== true) throw thrown
      const request = asRequest(input)
      const second = await once({
        ...request,
        messages: [...request.messages, ...repairTurn(first.message, thrown)],
      })
      return { ...second, value: await validated(second.text, schema) }
    }
  }

  const stream = (input: ChatRequest | string, options: CallOptions): ChatStream => {
    const stopped = newCancel()
    async function* events(): AsyncGenerator<ClientEvent, void> {
      const mine = custom(withModel(input, options))
      if (mine) {
        yield* customStream(mine, asRequest(input), options, FACE, clock.now(), stopped)
        return
      }
      const prepared = await prepare(input, options, true)
      const { target, model } = prepared
      const { post, notes } = encoded(prepared)
      const call = context(target, prepared.config, model, estimateOf(post))
      const line = { pools: await pools(), clock, cancel: call.cancel }
      const { cancel: token, release } = cancelOf(options.signal)
      const limitMs = target.options.timeoutMs ?? 0
      const timer =
        limitMs > 0 ? clock.timer(limitMs, () => call.cancel.raise(tooLong(target.name, limitMs))) : undefined
      let feed: EventFeed | undefined
      const unlink = [token, stopped].map((one) => one.onRaise((reason) => call.cancel.raise(reason)))
      try {
        const done = await withTries(call, async () =>
          // Some hosts answer only as a stream while the model thinks: the encoder has asked for one.
          prepared.streamed || post.body.stream === true
            ? askStream(post, line)
            : feedOf(await askWhole(post, line), post),
        )
        feed = done.value
        const facts = {
          provider: target.name,
          model,
          headers: feed.headers,
          notes,
          attempts: done.attempts,
        }
        const map = eventMapper((response) => {
          if (response.usage) done.settle(tokensOf(response))
          return answerOf(response, { ...facts, now: clock.now() }, FACE)
        })
        for (;;) {
          const event = await nextOf(done, call)
          if (!event) return
          for (const mapped of map(event)) yield mapped
        }
      } finally {
        // Also where the reader left the loop: nothing follows, and the upstream hears of it.
        feed?.stop()
        for (const off of unlink) off()
        release()
        timer?.cancel()
      }
    }
    return chatStream(events(), (reason) => stopped.raise(reason))
  }

  const listModels = async (options: CallOptions): Promise<ModelList> => {
    const mine = custom(options)
    if (mine) return { live: true, models: declaredList(mine.model.models ?? [mine.name]).models }
    const all = await levels(options)
    let target: Resolved
    try {
      target = settle(all)
    } catch (thrown) {
      // A refused address (a metadata host, a bad scheme) is an empty list with a reason, not a crash of a settings page.
      if (thrown instanceof Other && thrown.kind === 'not_configured')
        return { ...declaredList(all.param.models ?? []), reason: thrown.message }
      throw thrown
    }
    return liveList(target.endpoint, { pools: await pools(), clock, dialects })
  }

  const client: Client = {
    chat: (request, options = {}) => chat(request, options),
    stream: (request, options = {}) => stream(request, options),
    async embed(input, options = {}) {
      const texts = typeof input === 'string' ? [input] : input
      const mine = custom(options)
      if (mine) return customEmbed(mine, texts, options)
      const all = await levels(options)
      const target = settle(all)
      const model = spelt(options).model ?? target.options.embeddingModel ?? modelOf(target)
      if (texts.length === 0)
        return { vectors: [], model, usage: undefined, provider: target.name, attempts: 0 }
      const path = target.endpoint.provider.paths.embeddings
      if (path === undefined)
        throw refusal(
          `"${target.name}" (${target.endpoint.provider.title}) has no embeddings operation`,
          'unsupported_operation',
        )
      const post: Post = {
        endpoint: target.endpoint,
        path,
        model,
        body: embedBody(model, texts),
        dialect: FACE,
        quirks: target.endpoint.provider.quirks,
      }
      const call = context(target, all.config, model, estimateOf(post))
      const line = { pools: await pools(), clock, cancel: call.cancel }
      return bounded(call, options, target.options.timeoutMs ?? 0, async () => {
        const done = await withTries(call, async () => {
          const whole = await askWhole(post, line)
          return decoded(whole, (wire) => embedAnswer(wire, texts.length))
        })
        return {
          ...done.value,
          model: done.value.model ?? model,
          provider: target.name,
          attempts: done.attempts,
        }
      })
    },
    async complete(prompt, options = {}) {
      return (await chat(prompt, options)).text
    },
    listModels: (options = {}) => listModels(options),
    async probe(options = {}) {
      const target = settle(await levels(options))
      return probeReport(
        target.endpoint,
        target.name,
        { pools: await pools(), clock, dialects },
        options.features === true ? client : undefined,
        options,
      )
    },
    async isAvailable(options = {}) {
      if (custom(options)) return true
      try {
        const list = await listModels(options)
        if (list.live) return true
        return (await client.probe(options)).ok
      } catch (thrown) {
        if (thrown instanceof LlmError) return false
        throw thrown
      }
    },
    async requiresAuthForModels(provider) {
      const all = await levels(provider === undefined ? {} : { provider })
      return !listsWithoutKey(settle(all).endpoint.provider)
    },
    async providers() {
      const { config } = await base()
      return knownNames(config, registered).map((name) => infoOf(name, config, registered))
    },
    async explain(option, options = {}) {
      return explain(option, await levels(options))
    },
    async resolve(options = {}) {
      const target = settle(await levels(options))
      const { operationUrl } = await import('../core/url-rules.ts')
      const model = target.options.model
      const { provider, baseUrl } = target.endpoint
      const spoken = spokenTo(provider, FACE.id, model ?? '')
      const chatUrl = operationUrl(baseUrl, spoken?.path ?? '', {
        model: model ?? '',
        providerId: provider.id,
      })
      return { provider: target.name, baseUrl, model, chatUrl }
    },
    registerProvider(provider) {
      registered.providers.set(provider.name.toLowerCase(), provider)
    },
    registerModel(name, model) {
      registered.models.set(name.toLowerCase(), model)
    },
    async close() {
      const open = connections
      connections = undefined
      await (await open)?.close()
    },
  }
  return client
}

interface Base {
  settings: Settings
  config: Config | undefined
  env: Readonly<Record<string, string | undefined>>
  readFile(path: string): string
}

async function loadBase(created: CreateOptions, warn: (message: string) => void): Promise<Base> {
  const { loadBase: load } = await import('./load.ts')
  const here = surroundings()
  return load(
    {
      cwd: created.cwd ?? here.cwd,
      env: created.env ?? here.env,
      ...(created.config === undefined ? {} : { config: created.config }),
      ...(created.settings === undefined ? {} : { settings: created.settings }),
    },
    warn,
  )
}

interface Prepared {
  target: Resolved
  config: Config | undefined
  model: string
  spoken: Spoken
  dialect: GenerationDialect
  canonical: GenerationRequest
  streamed: boolean
}

/** The request as the endpoint wants it: the dialect's body, fitted to how this host carries the dialect. */
function encoded({ target, model, spoken, dialect, canonical, streamed }: Prepared): {
  post: Post
  notes: Note[]
} {
  const { endpoint } = target
  const quirks = quirksOf(endpoint.provider, spoken)
  const upstream = upstreamName(endpoint, model)
  const wire = locally(() =>
    dialect.request.encode(canonical, { model: upstream, quirks, facts: modelFacts(dialect.id, upstream) }),
  )
  if (spoken.carrier) {
    const fitted = carried(spoken.carrier, wire.body, betaNames(wire.headers?.['anthropic-beta']))
    for (const [name, value] of Object.entries(fitted.changes))
      if (value === undefined) delete wire.body[name]
      else wire.body[name] = value
    wire.notes.push(...fitted.notes)
  }
  const headers = { ...wire.headers }
  if (spoken.carrier?.betaMember !== undefined) delete headers['anthropic-beta']
  const rename = toolNames(canonical, dialect)
  return {
    notes: wire.notes,
    post: {
      endpoint,
      path: streamed ? (spoken.streamPath ?? spoken.path) : spoken.path,
      model: upstream,
      body: wire.body,
      dialect,
      quirks,
      spoken,
      headers,
      ...(rename ? { rename } : {}),
    },
  }
}

function upstreamName({ models }: EndpointConfig, model: string): string {
  return models.find((row) => row.name === model)?.upstream ?? model
}

function readResponse(whole: WholeAnswer, { dialect, quirks, rename }: Post): GenerationResponse {
  const response = decoded(whole, (wire) => dialect.response.decode(wire, quirks))
  if (rename)
    for (const choice of response.choices)
      for (const part of choice.parts) if (part.kind === 'tool_call') part.name = rename.original(part.name)
  return response
}

async function collected(
  feed: EventFeed,
): Promise<{ response: GenerationResponse; headers: EventFeed['headers'] }> {
  const { collector } = await import('../core/collect.ts')
  const fold = collector()
  for (let event = await feed.next(); event; event = await feed.next()) fold.event(event)
  return { response: fold.response(), headers: feed.headers }
}

/** A whole answer read as a stream, for endpoints that are not to be streamed from. */
async function feedOf(whole: WholeAnswer, post: Post): Promise<EventFeed> {
  const { replay } = await import('../core/collect.ts')
  const response = readResponse(whole, post)
  const events: Parameters<Parameters<typeof replay>[1]>[0][] = []
  replay(response, (event) => events.push(event))
  return { headers: whole.headers, next: () => Promise.resolve(events.shift()), stop() {} }
}

/** The next event, or what broke the stream: the caller's own reason before anything else. */
async function nextOf(done: Done<EventFeed>, call: TryContext): ReturnType<EventFeed['next']> {
  try {
    return await done.value.next()
  } catch (thrown) {
    if (call.cancel.raised && !(call.cancel.reason instanceof GatewayError)) throw asError(call.cancel.reason)
    const { TryFailed } = await import('./exchange.ts')
    throw thrown instanceof TryFailed ? done.broke(thrown.failed) : thrown
  }
}

function modelOf(target: Resolved): string {
  const { model } = target.options
  if (model !== undefined && model !== '') return model
  throw refusal(
    `no model is named for "${target.name}": give model, the setting llm.model, or model in config/llm.yaml`,
    'not_configured',
    'model',
  )
}

/** What the client itself refuses, before anything is sent. */
function refusal(message: string, kind: LlmError['kind'], param: string | null = null): Other {
  return new Other(message, { status: 0, kind, param, attempts: 0 })
}

function locally<T>(run: () => T): T {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw refusal(thrown.message, thrown.kind, thrown.param)
    throw thrown
  }
}

function tooLong(provider: string, limitMs: number): GatewayError {
  return new GatewayError(
    'upstream_timeout',
    `the call to "${provider}" took longer than its limit of ${limitMs} ms`,
  )
}

function retryPolicy(
  created: CreateOptions,
  config: Config | undefined,
  maxRetries: number | undefined,
): RetryPolicy {
  const file = config?.retry
  return {
    ...RETRY,
    ...(file?.maxAttempts === undefined ? {} : { maxAttempts: file.maxAttempts }),
    ...(file?.initialBackoffMs === undefined ? {} : { baseMs: file.initialBackoffMs }),
    ...(file?.maxBackoffMs === undefined ? {} : { capMs: file.maxBackoffMs }),
    ...(file?.backoffMultiplier === undefined ? {} : { multiplier: file.backoffMultiplier }),
    ...(maxRetries === undefined ? {} : { maxAttempts: maxRetries + 1 }),
    ...created.retry,
  }
}

/** Four bytes to the token: good enough to pace by until the upstream tells the true count. */
function estimateOf(post: Post): number {
  return Math.ceil(JSON.stringify(post.body).length / 4)
}

function tokensOf({ usage }: GenerationResponse): number {
  return usage?.total ?? (usage?.input ?? 0) + (usage?.output ?? 0)
}

function withModel(input: ChatRequest | string, options: ClientOptions): ClientOptions {
  const model = typeof input === 'string' ? undefined : input.model
  return model === undefined ? options : { ...options, model }
}

function infoOf(name: string, config: Config | undefined, registered: Registered): ProviderInfo {
  if (registered.models.has(name))
    return {
      name,
      title: name,
      defaultBaseUrl: undefined,
      requiresAuthForModels: false,
      from: 'registered',
      company: null,
      region: null,
      country: null,
      dataLocation: 'this process',
      isCloud: false,
    }
  const found = namedProvider(name, config, registered)
  return {
    name,
    title: found.record.title,
    defaultBaseUrl: found.endpoint?.baseUrl ?? found.registered?.baseUrl ?? found.record.base,
    requiresAuthForModels: !listsWithoutKey(found.record),
    from: found.registered
      ? 'registered'
      : found.endpoint
        ? found.endpoint.source === 'env'
          ? 'env'
          : 'config'
        : 'built-in',
    ...found.metadata,
  }
}
