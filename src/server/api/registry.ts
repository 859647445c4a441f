// /api/v1/registry: endpoints added and removed while serving. They live in memory only: a restart forgets them, a
// reload of the configuration keeps them. What the configuration or the environment declares cannot be removed here.

import { DraftError, makeEndpoint, plainModels } from '../../config/endpoint.ts'
import { GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Gateway } from '../../gateway/create-gateway.ts'
import type { EndpointConfig } from '../../providers/endpoint.ts'
import { readBody } from '../body.ts'
import { type Context, sendJson } from '../context.ts'

const BODY_CAP = 64 * 1024
const KNOWN = ['id', 'url', 'models', 'api_key', 'provider']

export function listEndpoints(context: Context): void {
  const { runtime } = context.gateway
  sendJson(context, 200, { data: runtime.config.endpoints.map((endpoint) => row(endpoint, context.gateway)) })
}

export async function addEndpoint(context: Context): Promise<void> {
  const body = parse(await readBody(context.request, BODY_CAP))
  for (const name of Object.keys(body))
    if (!KNOWN.includes(name)) throw invalid(name, `unknown member "${name}" (known: ${KNOWN.join(', ')})`)
  const id = text(body, 'id')
  const { gateway } = context
  let endpoint: EndpointConfig
  try {
    endpoint = makeEndpoint({
      id,
      provider: body.provider === undefined ? 'openai-compatible' : text(body, 'provider'),
      baseUrl: text(body, 'url'),
      credential: body.api_key === undefined ? undefined : text(body, 'api_key'),
      models: plainModels(names(body.models)),
      source: 'ui',
    })
  } catch (thrown) {
    if (!(thrown instanceof DraftError)) throw thrown
    throw invalid(thrown.key === 'base_url' ? 'url' : (thrown.key ?? 'id'), thrown.message)
  }
  if (gateway.runtime.endpoints.has(id))
    throw new GatewayError('invalid_request', `endpoint "${id}" exists already`, {
      status: 409,
      code: 'conflict',
      param: 'id',
    })
  gateway.register(endpoint)
  sendJson(context, 201, row(endpoint, gateway))
}

export function removeEndpoint(context: Context): void {
  const id = context.url.pathname.slice('/api/v1/registry/'.length)
  const known = context.gateway.runtime.endpoints.get(id)
  if (!known) throw new GatewayError('not_found', `no endpoint "${id}" (GET /api/v1/registry lists them)`)
  if (!context.gateway.unregister(id))
    throw invalid('id', `endpoint "${id}" comes from ${known.config.source}: remove it there`)
  sendJson(context, 200, { id, deleted: true })
}

/** What an operator may see: never the credential, only whether there is one. */
function row(endpoint: EndpointConfig, gateway: Gateway): JsonObject {
  const { status, result } = gateway.runtime.probes.status(endpoint.id)
  return {
    id: endpoint.id,
    provider: endpoint.provider.id,
    url: endpoint.baseUrl,
    models: endpoint.models.map((model) => model.name),
    source: endpoint.source,
    has_credential: endpoint.credential !== undefined,
    probe: status,
    ...(result?.reason === undefined ? {} : { reason: result.reason }),
  }
}

function parse(bytes: Buffer): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw new GatewayError('invalid_request', 'the request body is not valid JSON', { cause })
  }
  if (!isObject(value)) throw invalid(null, 'the request body must be a JSON object')
  return value
}

function text(body: JsonObject, name: string): string {
  const value = body[name]
  if (typeof value !== 'string' || value === '') throw invalid(name, `${name} must be a non-empty string`)
  return value
}

function names(value: Json | undefined): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string' && name !== ''))
    throw invalid('models', 'models must be a list of names')
  return value as string[]
}
