// The walk of document 001's flowchart, in order, down to the first step that fails: address, name, port, certificate,
// key, list, model, chat, stream; and beside it proxy, clock and quota. What is found out is data; printing is elsewhere.

import { nearest } from '../../config/nearest.ts'
import { createClient } from '../../client/client.ts'
import { LlmError } from '../../client/errors.ts'
import { cancel } from '../../core/cancel.ts'
import { normalise } from '../../core/error.ts'
import type { Json } from '../../core/json.ts'
import { isPrivateIp, operationUrl } from '../../core/url-rules.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import { modelIds } from '../../upstream/ask.ts'
import { endpointHeaders } from '../../upstream/headers.ts'
import { type Pools, pools } from '../../upstream/pools.ts'
import { collectBody, send } from '../../upstream/send.ts'
import { systemClock } from '../../upstream/system-clock.ts'
import { connectTcp, connectTls, inContainer, resolveName } from './network.ts'
import { keyRemedy, refusedRemedy, tlsRemedy, unresolvedRemedy } from './remedies.ts'

/** In the order they are walked. */
export const STEPS = [
  'config',
  'url',
  'proxy',
  'dns',
  'tcp',
  'tls',
  'auth',
  'models',
  'model',
  'chat',
  'stream',
  'clock',
  'quota',
] as const
export type StepName = (typeof STEPS)[number]

export interface StepResult {
  step: StepName
  status: 'ok' | 'warn' | 'fail' | 'skip'
  detail: string
  /** What to do about it. */
  remedy?: string
}

export interface Diagnosis {
  endpoint: string
  url: string
  model?: string
  ok: boolean
  /** The first step that failed. */
  failed?: StepName
  steps: StepResult[]
}

export interface DiagnoseOptions {
  /** Limit of each network step; the chat steps get twelve times as long, for a model that has to be loaded. */
  limitMs: number
  /** false: nothing that costs tokens. */
  chat: boolean
  tell(step: string): void
}

/** Thrown inside to end the walk. */
class Stop extends Error {}

export async function diagnose(endpoint: EndpointConfig, options: DiagnoseOptions): Promise<Diagnosis> {
  const steps: StepResult[] = []
  const connections = pools()
  const walk = new Walk(endpoint, options, steps, connections)
  try {
    await walk.all()
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown
  } finally {
    await connections.destroy()
  }
  const failed = steps.find(({ status }) => status === 'fail')?.step
  return {
    endpoint: endpoint.id,
    url: endpoint.baseUrl,
    ...(walk.model === undefined ? {} : { model: walk.model }),
    ok: failed === undefined,
    ...(failed === undefined ? {} : { failed }),
    steps,
  }
}

interface Answer {
  status: number
  headers: Readonly<Record<string, string>>
  text: string
  json: Json | undefined
}

class Walk {
  model: string | undefined
  private readonly url: URL
  private listed: Answer | undefined

  private readonly endpoint: EndpointConfig
  private readonly options: DiagnoseOptions
  private readonly steps: StepResult[]
  private readonly connections: Pools

  constructor(endpoint: EndpointConfig, options: DiagnoseOptions, steps: StepResult[], connections: Pools) {
    this.endpoint = endpoint
    this.options = options
    this.steps = steps
    this.connections = connections
    this.url = new URL(endpoint.baseUrl)
    this.model = endpoint.probeModel ?? endpoint.models[0]?.upstream
  }

  async all(): Promise<void> {
    this.address()
    await this.reach()
    await this.list()
    this.named()
    if (this.options.chat) {
      await this.chat()
      await this.stream()
    }
    this.clock()
    this.quota()
  }

  private add(step: StepName, status: StepResult['status'], detail: string, remedy?: string): void {
    this.steps.push({ step, status, detail, ...(remedy === undefined ? {} : { remedy }) })
  }

  private fail(step: StepName, detail: string, remedy: string): never {
    this.add(step, 'fail', detail, remedy)
    throw new Stop()
  }

  private address(): void {
    const { hostname, protocol } = this.url
    if (protocol === 'http:' && !isPrivateIp(hostname) && this.endpoint.credential)
      this.add('url', 'warn', `${this.endpoint.baseUrl} sends the key unencrypted`, 'write https://')
    else this.add('url', 'ok', this.endpoint.baseUrl)
  }

  private async reach(): Promise<void> {
    const { limitMs, tell } = this.options
    const { proxy, tls } = this.endpoint
    const there = proxy === undefined ? this.url : new URL(proxy)
    const host = there.hostname.replace(/^\[|\]$/g, '')
    const port = Number(there.port) || (there.protocol === 'https:' ? 443 : 80)
    if (proxy !== undefined) {
      tell('reaching the proxy')
      const found = await resolveName(host, limitMs)
      const reached = found.ok ? await connectTcp(host, port, limitMs) : found
      if (!reached.ok)
        this.fail(
          'proxy',
          `the proxy ${host}:${port} does not answer: ${reached.detail}`,
          'correct HTTPS_PROXY / HTTP_PROXY, or except the host with NO_PROXY',
        )
      this.add('proxy', 'ok', `through ${host}:${port}`)
      for (const step of ['dns', 'tcp', 'tls'] as const) this.add(step, 'skip', 'behind the proxy')
      return
    }
    tell(`looking up ${host}`)
    const name = await resolveName(host, limitMs)
    if (!name.ok) this.fail('dns', `"${host}" does not resolve (${name.code})`, unresolvedRemedy(host))
    this.add('dns', 'ok', name.detail)
    tell(`connecting to ${host}:${port}`)
    const tcp = await connectTcp(host, port, limitMs)
    if (!tcp.ok)
      this.fail(
        'tcp',
        tcp.code === 'ECONNREFUSED'
          ? `nothing listens on ${host}:${port}`
          : `${host}:${port} does not answer (${tcp.code})`,
        tcp.code === 'ECONNREFUSED'
          ? refusedRemedy(host, port, inContainer())
          : 'look at firewalls and routes between here and there; is the machine on?',
      )
    this.add('tcp', 'ok', tcp.detail)
    if (this.url.protocol !== 'https:') return this.add('tls', 'skip', 'plain http')
    tell('checking the certificate')
    const secure = await connectTls({
      host,
      port,
      insecure: tls.insecure,
      limitMs,
      ...(tls.caFile === undefined ? {} : { caFile: tls.caFile }),
    })
    if (!secure.ok)
      this.fail('tls', `TLS fails: ${secure.code || secure.detail}`, tlsRemedy(secure.code ?? ''))
    if (tls.insecure)
      this.add(
        'tls',
        'warn',
        'the certificate is not checked',
        'for development only: give tls.ca_file instead',
      )
    else this.add('tls', 'ok', secure.detail)
  }

  private async get(url: URL): Promise<Answer> {
    const { limitMs } = this.options
    const exchange = await send({
      dispatcher: this.connections.get({ ...this.endpoint, baseUrl: url.href }),
      endpoint: {
        ...this.endpoint,
        timeouts: { connectMs: limitMs, firstByteMs: limitMs, idleMs: limitMs, totalMs: limitMs * 2 },
      },
      request: {
        method: 'GET',
        path: url.pathname + url.search,
        headers: { accept: 'application/json', ...endpointHeaders(this.endpoint) },
      },
      clock: systemClock,
      cancel: cancel(),
    })
    const text = (await collectBody(exchange, 16 << 20)).toString('utf8')
    let json: Json | undefined
    try {
      json = JSON.parse(text) as Json
    } catch {
      // An HTML page, most often: the step that reads it says so.
    }
    return { status: exchange.status, headers: exchange.headers, text, json }
  }

  private listUrl(base = this.endpoint.baseUrl): URL | undefined {
    const { provider } = this.endpoint
    const path = provider.paths.models
    return path === undefined
      ? undefined
      : new URL(operationUrl(base, path, { model: this.model ?? '', providerId: provider.id }))
  }

  private async list(): Promise<void> {
    const { provider, credential } = this.endpoint
    const url = this.listUrl()
    if (!url) {
      this.add('auth', 'skip', `${provider.title} has no model list; the chat will tell`)
      return this.add('models', 'skip', `${provider.title} has no model list`)
    }
    this.options.tell(`GET ${url.href}`)
    let answer: Answer
    try {
      answer = await this.get(url)
    } catch (thrown) {
      const { message } = normalise(thrown)
      return this.fail(
        'models',
        `GET ${url.pathname}: ${message}`,
        'the port is open and no HTTP answer comes: is it this server, and is it well?',
      )
    }
    this.listed = answer
    const { status, json, text, headers } = answer
    if (status === 401 || status === 403)
      this.fail(
        'auth',
        `HTTP ${status}: ${messageIn(json, text)}`,
        keyRemedy(provider, credential !== undefined),
      )
    if (status === 407)
      this.fail(
        'proxy',
        'the proxy wants a login',
        'write it into the proxy’s address: http://user:password@host:port',
      )
    if (
      status === 400 &&
      /plain HTTP request was sent to HTTPS port|client sent an HTTP request to an HTTPS server/i.test(text)
    )
      this.fail('tls', 'the port speaks TLS and is asked in plain http', 'write https:// instead of http://')
    if (status === 429)
      this.fail(
        'quota',
        `HTTP 429: ${messageIn(json, text)}`,
        `wait ${headers['retry-after'] ?? 'a while'}, or raise the limit of this key`,
      )
    this.add('auth', 'ok', credential ? 'the key is accepted' : 'no key is asked for')
    if (status >= 300 && status < 400)
      this.fail(
        'models',
        `it redirects to ${headers.location ?? 'another address'}`,
        `set base_url to the final address${headers.location === undefined ? '' : ` (${headers.location.replace(/\/models$/, '')})`}`,
      )
    if (status >= 500)
      this.fail(
        'models',
        `HTTP ${status}: ${messageIn(json, text)}`,
        'the server itself fails: look at its log',
      )
    const models = status === 200 ? modelIds(json) : undefined
    if (!models) return this.noList(answer)
    if (models.length === 0)
      this.add(
        'models',
        'warn',
        'the list is empty',
        provider.local === true
          ? 'load or pull a model first, e.g. ollama pull <model>'
          : 'this key may use no model',
      )
    else
      this.add(
        'models',
        'ok',
        `${models.length}: ${models.slice(0, 5).join(', ')}${models.length > 5 ? ' ...' : ''}`,
      )
  }

  /** Something answers, but no list: most often `/v1` is missing, or too much is there. */
  private async noList({ status, json, text, headers }: Answer): Promise<void> {
    const base = this.endpoint.baseUrl
    const others = base.endsWith('/v1') ? [base.slice(0, -3)] : [`${base}/v1`]
    for (const other of others) {
      const url = this.listUrl(other)
      const better = url && (await this.get(url).catch(() => undefined))
      if (better?.status === 200 && modelIds(better.json))
        this.fail('models', `no model list below ${base}, but one below ${other}`, `set base_url to ${other}`)
    }
    const html = (headers['content-type'] ?? '').includes('html') || /^\s*</.test(text)
    if (status === 200)
      this.fail(
        'models',
        html ? 'a web page answers, not an API' : `HTTP 200, but no model list: ${messageIn(json, text)}`,
        'correct the path of base_url: most servers have their API below /v1',
      )
    if (status === 404 || status === 405) {
      this.add('models', 'warn', `HTTP ${status}: there is no model list; the chat will tell`)
      return
    }
    this.fail('models', `HTTP ${status}: ${messageIn(json, text)}`, 'see what the server says')
  }

  private named(): void {
    const listed = this.listed?.status === 200 ? (modelIds(this.listed.json) ?? []) : undefined
    if (this.model === undefined) {
      this.model = listed?.[0]
      if (this.model === undefined) {
        if (listed?.length === 0)
          this.fail('model', 'no model is named, and none is listed', 'load a model, or give --model')
        this.fail('model', 'no model is named, and there is no list to choose from', 'give --model')
      }
      return this.add('model', 'ok', `${this.model} (the first of the list)`)
    }
    const { model } = this
    if (!listed || listed.length === 0)
      return this.add('model', 'skip', `${model} (no list to look it up in)`)
    const same = [model, `${model}:latest`, model.replace(/:latest$/, '')]
    if (listed.some((name) => same.includes(name))) return this.add('model', 'ok', model)
    const folded = listed.find((name) => name.toLowerCase() === model.toLowerCase())
    const near = folded ?? nearest(model, listed)
    this.fail(
      'model',
      `"${model}" is not listed`,
      near === undefined
        ? `choose one of: ${listed.slice(0, 10).join(', ')}`
        : `names match exactly, letter by letter: did you mean "${near}"?`,
    )
  }

  private client() {
    const { endpoint } = this
    const client = createClient({ config: false, env: {}, retry: { maxAttempts: 1 }, breaker: false })
    client.registerProvider({
      name: endpoint.id,
      record: endpoint.provider,
      baseUrl: endpoint.baseUrl,
      headers: endpoint.headers,
      ...(endpoint.credential ? { apiKey: endpoint.credential.reveal() } : {}),
    })
    const { caFile, insecure } = endpoint.tls
    const options = {
      provider: endpoint.id,
      model: this.model ?? '',
      timeoutMs: this.options.limitMs * 12,
      insecureTls: insecure,
      ...(caFile === undefined ? {} : { caFile }),
      proxy: endpoint.proxy ?? '',
      ...(endpoint.organization === undefined ? {} : { organization: endpoint.organization }),
    }
    return { client, options }
  }

  private async chat(): Promise<void> {
    this.options.tell(`a short chat with ${this.model}`)
    const { client, options } = this.client()
    const started = performance.now()
    try {
      const answer = await client.chat(
        { messages: [{ role: 'user', content: 'Say pong.' }], max_tokens: 32 },
        options,
      )
      const said = (answer.text || answer.reasoning).trim().slice(0, 40)
      this.add('chat', 'ok', `${Math.round(performance.now() - started)} ms: ${JSON.stringify(said)}`)
    } catch (thrown) {
      this.chatFailed('chat', thrown)
    } finally {
      await client.close()
    }
  }

  private chatFailed(step: 'chat' | 'stream', thrown: unknown): never {
    if (!(thrown instanceof LlmError)) throw thrown
    const { status, message, kind, code } = thrown
    const detail = `${status === 0 ? kind : `HTTP ${status}`}: ${message}`
    if (status === 401 || status === 403)
      this.fail('auth', detail, keyRemedy(this.endpoint.provider, this.endpoint.credential !== undefined))
    if (status === 429 || status === 402 || code === 'insufficient_quota')
      this.fail('quota', detail, 'wait for the limit to reset, or give this key more quota')
    if (status === 404)
      this.fail(
        'model',
        detail,
        `this endpoint does not serve "${this.model}": choose a listed model, or correct base_url`,
      )
    if (kind === 'upstream_timeout')
      this.fail(step, detail, 'the model may still be loading: try again, or give more time with --timeout')
    if (status >= 500)
      this.fail(step, detail, 'the server itself fails: look at its log (memory, a crashed engine?)')
    this.fail(step, detail, 'see what the server says; --model chooses another model')
  }

  private async stream(): Promise<void> {
    this.options.tell('a short stream')
    const { client, options } = this.client()
    const started = performance.now()
    const at: number[] = []
    try {
      const request = {
        messages: [{ role: 'user' as const, content: 'Count from 1 to 60, separated by spaces.' }],
        max_tokens: 200,
      }
      for await (const event of client.stream(request, options))
        if (event.type === 'text' || event.type === 'reasoning') at.push(performance.now() - started)
    } catch (thrown) {
      this.chatFailed('stream', thrown)
    } finally {
      await client.close()
    }
    const first = at[0] ?? 0
    const spread = (at.at(-1) ?? 0) - first
    // No model writes faster than a piece a millisecond: a long wait and then everything at once is a buffer's doing.
    if (at.length >= 20 && first >= 500 && spread < at.length)
      this.fail(
        'stream',
        `${at.length} pieces came at once after ${Math.round(first)} ms: something in between collects the stream`,
        'switch buffering off in the proxy in between (nginx: proxy_buffering off; Cloudflare, Traefik: no buffering or compression of text/event-stream)',
      )
    this.add('stream', 'ok', `${at.length} pieces, the first after ${Math.round(first)} ms`)
  }

  private clock(): void {
    const date = Date.parse(this.listed?.headers.date ?? '')
    if (Number.isNaN(date)) return this.add('clock', 'skip', 'the server does not say its time')
    const skewS = Math.round(Math.abs(Date.now() - date) / 1_000)
    if (skewS > 300)
      this.fail(
        'clock',
        `this clock and the server’s differ by ${skewS} s`,
        'set the clock (timedatectl set-ntp true): signatures and certificates depend on it',
      )
    this.add('clock', skewS > 60 ? 'warn' : 'ok', `differs by ${skewS} s`)
  }

  private quota(): void {
    const headers = this.listed?.headers ?? {}
    const left = Object.entries(headers).filter(([name]) => /^(x|anthropic)-ratelimit-.*remaining/.test(name))
    const empty = left.filter(([, value]) => Number(value) === 0)
    if (empty.length > 0)
      return this.add(
        'quota',
        'warn',
        `used up: ${empty.map(([name]) => name).join(', ')}`,
        'wait for the reset the headers name',
      )
    this.add(
      'quota',
      left.length > 0 ? 'ok' : 'skip',
      left.length > 0
        ? left.map(([name, value]) => `${name} ${value}`).join(', ')
        : 'the server tells no quota',
    )
  }
}

function messageIn(json: Json | undefined, text: string): string {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const { error, message } = json
    if (typeof error === 'string') return error.slice(0, 200)
    if (
      typeof error === 'object' &&
      error !== null &&
      !Array.isArray(error) &&
      typeof error.message === 'string'
    )
      return error.message.slice(0, 200)
    if (typeof message === 'string') return message.slice(0, 200)
  }
  return text.replace(/\s+/g, ' ').slice(0, 120)
}
