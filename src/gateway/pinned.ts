// Files and batches: objects that live at one endpoint, so a call about them goes to that endpoint and to no other. It is
// named by the header x-trunkline-endpoint, and need not be where only one endpoint keeps any.

import { GatewayError, invalid, normalise } from '../core/error.ts'
import type { Json } from '../core/json.ts'
import { operationUrl } from '../core/url-rules.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type UpstreamRequest, collectBody, send } from '../upstream/send.ts'
import { signed } from '../upstream/signer.ts'
import { type Lease, admit } from './admit.ts'
import type { Call, Reply } from './call.ts'
import { deliver, refuse } from './deliver.ts'
import { identify } from './identify.ts'
import { passedAnswer } from './passed.ts'
import { begin } from './pipeline.ts'
import type { Runtime } from './runtime.ts'

export interface PinnedCall extends Call {
  operation: 'files' | 'batches'
  method: 'GET' | 'POST' | 'DELETE'
  /** What follows the operation's own path: `/file-123/content`, with its query. */
  rest: string
}

/** Caller headers that say what the body is. */
const PASSED = ['content-type', 'idempotency-key', 'openai-beta'] as const

export async function handlePinned(call: PinnedCall, runtime: Runtime): Promise<Reply> {
  const record = begin(call, runtime)
  record.path = 'relay'
  let lease: Lease | undefined
  try {
    identify(call, runtime)
    const endpoint = endpointOf(call, runtime)
    record.endpoint = endpoint.id
    lease = await admit(call, runtime, record)
    record.attempts = 1
    const state = runtime.endpoints.get(endpoint.id)
    if (!state) throw new GatewayError('internal', `endpoint "${endpoint.id}" has no state`)
    const url = new URL(
      operationUrl(endpoint.baseUrl, `${endpoint.provider.paths[call.operation] as string}${call.rest}`, {
        model: '',
        providerId: endpoint.provider.id,
      }),
    )
    const headers: Record<string, string> = { accept: '*/*', ...state.headers }
    for (const name of PASSED) {
      const value = call.headers[name]
      if (value !== undefined) headers[name] = String(value)
    }
    const hasBody = call.method === 'POST'
    const { upload } = call
    const length = upload ? upload.lengthWith(call.body) : call.body.length
    if (hasBody && length !== undefined) headers['content-length'] = String(length)
    let request: UpstreamRequest = {
      method: call.method,
      path: url.pathname + url.search,
      headers,
      ...(hasBody ? { body: upload ? upload.body(call.body) : call.body } : {}),
    }
    if (endpoint.access) request = await signed(endpoint, runtime.clock, request)
    const exchange = await send({
      dispatcher: runtime.pools.get(endpoint),
      endpoint,
      request,
      clock: runtime.clock,
      cancel: call.cancel,
    })
    record.upstreamStatus = exchange.status
    if (exchange.status < 200 || exchange.status > 299) {
      const text = (await collectBody(exchange, 1024 * 1024)).toString('utf8')
      throw call.dialect.error.decode(exchange.status, parsed(text), exchange.headers)
    }
    const answer = await passedAnswer(exchange, {}, runtime.clock)
    return deliver(answer, call, record, lease, runtime)
  } catch (thrown) {
    lease?.release()
    return refuse(normalise(thrown), call, record, runtime)
  }
}

/** @throws GatewayError naming the endpoints that could be meant. */
function endpointOf(call: PinnedCall, runtime: Runtime): EndpointConfig {
  const { operation } = call
  const able = runtime.config.endpoints.filter(({ provider }) => provider.paths[operation] !== undefined)
  const names = able.map(({ id }) => id).join(', ')
  const wanted = call.headers['x-trunkline-endpoint']
  if (wanted !== undefined) {
    const found = able.find(({ id }) => id === wanted)
    if (found) return found
    throw new GatewayError(
      'unsupported_operation',
      `endpoint "${String(wanted)}" has no ${operation} (endpoints that do: ${names || 'none'})`,
      { endpoint: String(wanted) },
    )
  }
  const [only] = able
  if (!only) throw new GatewayError('unsupported_operation', `no endpoint here has ${operation}`)
  if (able.length > 1)
    throw invalid(
      'x-trunkline-endpoint',
      `${operation} live at one endpoint each: name it in the header x-trunkline-endpoint (${names})`,
    )
  return only
}

function parsed(text: string): Json | string {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}
