// Questions about a response by its id: read, delete, cancel, the items that went in. A response that its endpoint keeps
// is asked for there, bytes passed on; one kept here is answered from the store. Only its own caller finds it.

import type { Cancel } from '../core/cancel.ts'
import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { StoredResponse } from '../core/ports.ts'
import { operationUrl } from '../core/url-rules.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import { quirksOf, spokenTo } from '../providers/provider.ts'
import { type Exchange, collectBody, send } from '../upstream/send.ts'
import { signed } from '../upstream/signer.ts'
import { STREAM_TYPE, isStreamType } from '../wire/frames.ts'
import type { Reply } from './call.ts'
import { callerOf, identify } from './identify.ts'
import { relayStream } from './pump.ts'
import type { Runtime } from './runtime.ts'
import { conversation } from './stored-responses.ts'

export type ResponseAction = 'get' | 'delete' | 'cancel' | 'input_items'

export interface ResponseQuestion {
  /** `x-request-id` of the answer. */
  id: string
  responseId: string
  action: ResponseAction
  query: URLSearchParams
  headers: Readonly<Record<string, string | string[] | undefined>>
  cancel: Cancel
}

const ANSWER_CAP = 64 * 1024 * 1024

/** @throws GatewayError in words of this wire: an unknown id is `not_found`. */
export async function responseById(question: ResponseQuestion, runtime: Runtime): Promise<Reply> {
  identify(question, runtime)
  const { responseId: id } = question
  const row = await runtime.responses.get(id)
  if (!row || row.owner !== callerOf(question))
    throw new GatewayError('not_found', `Response with id '${id}' not found.`, { param: 'id', code: null })
  return row.pin ? askThere(question, row.pin, runtime) : answerHere(question, row, runtime)
}

// --- kept here ---------------------------------------------------------------------------------------------------

async function answerHere(
  { id: requestId, action, query, responseId: id }: ResponseQuestion,
  row: StoredResponse,
  runtime: Runtime,
): Promise<Reply> {
  const say = (body: Json): Reply => ({
    status: 200,
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    body: JSON.stringify(body),
  })
  switch (action) {
    case 'get':
      if (query.get('stream') === 'true')
        throw new GatewayError('unsupported_operation', 'only background responses can be streamed again', {
          param: 'stream',
        })
      return say(row.kept?.answer ?? {})
    case 'delete':
      await runtime.responses.delete(id)
      return say({ id, object: 'response', deleted: true })
    case 'cancel':
      throw new GatewayError('invalid_request', 'Cannot cancel a synchronous response.', { param: 'id' })
    case 'input_items':
      return say(page(await itemsBefore(row, runtime), query))
    default:
      return action satisfies never
  }
}

/** The items a response was made of: what was said before it, then its own input. */
async function itemsBefore(row: StoredResponse, runtime: Runtime): Promise<JsonObject[]> {
  const { kept } = row
  if (!kept) return []
  const said = await conversation({ ...row, kept: { ...kept, answer: {} } }, (id) =>
    runtime.responses.get(id),
  )
  return said.filter(isObject).map((item, index) => ({
    id: `item_${row.id.replace(/^resp_/, '')}_${index}`,
    type: 'message',
    status: 'completed',
    ...item,
    ...(typeof item.content === 'string' ? { content: [{ type: 'input_text', text: item.content }] } : {}),
  }))
}

/** Newest first unless `order=asc`; `after` and `limit` (20 of at most 100) as everywhere in this API. */
function page(items: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const ordered = query.get('order') === 'asc' ? [...items] : items.toReversed()
  const after = query.get('after')
  const from = after === null ? 0 : ordered.findIndex((item) => item.id === after) + 1
  const wanted = Number(query.get('limit') ?? 20)
  const limit = Number.isInteger(wanted) && wanted >= 1 && wanted <= 100 ? wanted : 20
  const data = ordered.slice(from, from + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < ordered.length,
  }
}

// --- kept by its endpoint ----------------------------------------------------------------------------------------

const METHOD = { get: 'GET', delete: 'DELETE', cancel: 'POST', input_items: 'GET' } as const
const SUFFIX = { get: '', delete: '', cancel: '/cancel', input_items: '/input_items' } as const

async function askThere(
  question: ResponseQuestion,
  pin: NonNullable<StoredResponse['pin']>,
  runtime: Runtime,
): Promise<Reply> {
  const { action, responseId: id } = question
  const state = runtime.endpoints.get(pin.endpoint)
  const spoken = state && spokenTo(state.config.provider, 'openai-responses', pin.model)
  if (!state || spoken?.dialect !== 'openai-responses')
    throw new GatewayError(
      'backend_unavailable',
      `the response '${id}' is kept by the endpoint "${pin.endpoint}", which is not configured any more`,
      { endpoint: pin.endpoint },
    )
  const { config: endpoint } = state
  const target = { model: pin.model, providerId: endpoint.provider.id }
  const path = `${spoken.path}/${encodeURIComponent(id)}${SUFFIX[action]}`
  const url = new URL(operationUrl(endpoint.baseUrl, path, target))
  for (const [name, value] of question.query) url.searchParams.append(name, value)
  const method = METHOD[action]
  const request = {
    method,
    path: url.pathname + url.search,
    headers: {
      accept: 'application/json, text/event-stream',
      ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': '0' } : {}),
      ...state.headers,
    },
  }
  const exchange = await send({
    dispatcher: runtime.pools.get(endpoint),
    endpoint,
    request: endpoint.access ? await signed(endpoint, runtime.clock, request) : request,
    clock: runtime.clock,
    cancel: question.cancel,
  })
  const headers: Record<string, string> = {
    'x-request-id': question.id,
    'x-trunkline-endpoint': endpoint.id,
    'content-type': exchange.headers['content-type'] ?? 'application/json',
  }
  if (exchange.status === 200 && isStreamType(headers['content-type'] as string, 'sse'))
    return passStream(exchange, question, endpoint.id, headers, runtime)
  const body = await collectBody(exchange, ANSWER_CAP)
  if ((action === 'get' || action === 'cancel') && exchange.status === 200)
    runtime.background.seen(endpoint.id, id, () => parsed(body))
  if (action === 'delete' && exchange.status === 200) await runtime.responses.delete(id)
  if (exchange.status >= 500) headers['x-should-retry'] = 'true'
  return { status: exchange.status, headers, body }
}

/** A background answer, streamed again. */
async function passStream(
  exchange: Exchange,
  question: ResponseQuestion,
  endpoint: string,
  headers: Record<string, string>,
  runtime: Runtime,
): Promise<Reply> {
  const config = runtime.endpoints.get(endpoint)?.config
  const live = await relayStream({
    exchange,
    clock: runtime.clock,
    dialect: openaiResponses,
    quirks: config ? quirksOf(config.provider, undefined) : {},
    requestId: question.id,
    endpoint,
    hideUsage: false,
    told: ({ answer }) => {
      if (answer) runtime.background.seen(endpoint, question.responseId, () => answer)
    },
  })
  headers['content-type'] = STREAM_TYPE.sse
  headers['cache-control'] = 'no-cache'
  headers['x-accel-buffering'] = 'no'
  return { status: 200, headers, stream: (sink) => live.attach(sink) }
}

function parsed(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as Json
  } catch {
    return undefined
  }
}
