// What `previous_response_id` and `store` need. A response whose endpoint keeps it is pinned to that endpoint; of any
// other the gateway keeps the turn itself (its input, its answer, the turn before), and puts the whole conversation into
// the next request. Instructions are not inherited. Only the caller who made a response finds it.

import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { StoredResponse } from '../core/ports.ts'
import type { ProviderRecord, Spoken } from '../providers/provider.ts'
import { spokenTo } from '../providers/provider.ts'
import { splice } from '../wire/json-splice.ts'
import type { Call } from './call.ts'
import { callerOf } from './identify.ts'
import type { ReadRequest } from './read.ts'
import type { Deployment, Route } from './route-table.ts'
import type { Runtime } from './runtime.ts'

/** A chain of more turns than this is cut off by the store's bounds long before. */
const LONGEST_CHAIN = 10_000

export interface Resumed {
  id: string
  /** Undefined: not known here; an upstream that keeps responses may know it. */
  row: StoredResponse | undefined
  /** The conversation up to it, where it is kept here. */
  items?: Json[]
}

/** @throws GatewayError `previous_response_not_found` for another caller's response, or a chain that is gone. */
export async function resumed(call: Call, read: ReadRequest, runtime: Runtime): Promise<Resumed | undefined> {
  if (call.dialect.id !== 'openai-responses') return undefined
  const id = read.member('previous_response_id')
  if (typeof id !== 'string') return undefined
  const find = finder(call, runtime)
  const row = await find(id)
  if (!row) return { id, row: undefined }
  if (row.owner !== callerOf(call)) throw previousGone(id)
  if (!row.kept) return { id, row }
  return { id, row, items: await conversation(row, find) }
}

export type Find = (id: string) => Promise<StoredResponse | undefined>

/** Where a call looks for earlier responses: what its own socket keeps, then what is kept for all. */
function finder({ socket }: Call, { responses }: Runtime): Find {
  const all: Find = (id) => responses.get(id)
  return socket ? async (id) => (await socket.session.get(id)) ?? all(id) : all
}

/** Everything said up to and with a kept response. @throws GatewayError `previous_response_not_found`. */
export async function conversation(row: StoredResponse, find: Find): Promise<Json[]> {
  const turns: Json[][] = []
  let at: StoredResponse | undefined = row
  for (let length = 0; at?.kept && length < LONGEST_CHAIN; length++) {
    const { input, answer, previous } = at.kept
    turns.push([...input, ...(Array.isArray(answer.output) ? answer.output : [])])
    if (previous === undefined) return turns.toReversed().flat()
    const before = await find(previous)
    if (!before?.kept || before.owner !== row.owner) throw previousGone(previous)
    at = before
  }
  throw previousGone(row.id)
}

export function previousGone(id: string): GatewayError {
  return new GatewayError('invalid_request', `Previous response with id '${id}' not found.`, {
    param: 'previous_response_id',
    code: 'previous_response_not_found',
  })
}

/** The route of a call that goes on from a pinned response: to the endpoint that keeps it, and nowhere else. */
export function pinned(route: Route, { resumed: from }: ReadRequest, runtime: Runtime): Route {
  const pin = from?.row?.pin
  if (!pin || route.deployments.length < 2) return route
  const deployment = route.deployments.find(({ endpoint }) => endpoint.id === pin.endpoint)
  if (!deployment)
    throw new GatewayError(
      'invalid_request',
      `the response '${from.id}' is kept by the endpoint "${pin.endpoint}", which does not serve "${route.name}"`,
      { param: 'previous_response_id', code: 'previous_response_not_found' },
    )
  return runtime.routes.match(`${pin.endpoint}/${deployment.model}`)
}

/**
 * The dialect of a try: a host that takes only functions gets requests with other tools in its first dialect, and so it
 * does a request without the member that a path is for.
 */
export function speaking(
  call: Call,
  read: ReadRequest,
  provider: ProviderRecord,
  model: string,
): Spoken | undefined {
  const spoken = spokenTo(provider, call.dialect.id, model)
  if (spoken?.onlyWith !== undefined && read.member(spoken.onlyWith) == null) return provider.speaks[0]
  if (spoken?.functionsOnly !== true || spoken.dialect !== call.dialect.id || !otherTools(read.json()))
    return spoken
  return provider.speaks[0]
}

function otherTools({ tools, input }: JsonObject): boolean {
  const other = (list: Json | undefined): boolean =>
    Array.isArray(list) && list.some((tool) => isObject(tool) && tool.type !== 'function')
  return (
    other(tools) || (Array.isArray(input) && input.some((item) => isObject(item) && item.tools !== undefined))
  )
}

/**
 * The call as an upstream gets it that knows nothing of what was said before: the conversation put in, the reference
 * taken out. The same call where nothing is to be put in.
 * @param keeps the upstream keeps responses: an id that we do not know may be its own.
 * @param own the upstream speaks this dialect: it must not see the reference; in another one only the answer repeats it.
 * @throws GatewayError `previous_response_not_found`, and `unsupported_operation` for what only a keeper can do.
 */
export async function unfolded(
  call: Call,
  read: ReadRequest,
  keeps: boolean,
  own: boolean,
  runtime: Runtime,
): Promise<{ call: Call; read: ReadRequest }> {
  const from = read.resumed
  if (!keeps && call.operation === 'chat') refuseKeepersOnly(read)
  if (from && !from.items) {
    if (keeps) return { call, read }
    throw previousGone(from.id)
  }
  const given = itemsOf(read.member('input'))
  const said = keeps ? given : await dereferenced(given, call, runtime)
  if (!from && said === given) return { call, read }
  const input = [...(from?.items ?? []), ...said]
  return {
    call: { ...call, body: splice(call.body, { input, previous_response_id: undefined }) },
    read: {
      ...read,
      json() {
        const { previous_response_id: before, ...whole } = read.json()
        return { ...whole, ...(own || before === undefined ? {} : { previous_response_id: before }), input }
      },
    },
  }
}

/** Our item ids carry the id of their response (openai-responses/response.ts). */
const ITEM_ID = /^[a-z]+_(.+)\d\d$/

/** References to items of kept answers, replaced by the items; the same list where there is none. */
async function dereferenced(items: Json[], call: Call, runtime: Runtime): Promise<Json[]> {
  if (!items.some((item) => isObject(item) && item.type === 'item_reference')) return items
  const owner = callerOf(call)
  const find = finder(call, runtime)
  return Promise.all(
    items.map(async (item) => {
      if (!isObject(item) || item.type !== 'item_reference') return item
      const id = typeof item.id === 'string' ? item.id : ''
      const row = await find(`resp_${ITEM_ID.exec(id)?.[1] ?? ''}`)
      const output = row?.owner === owner ? row.kept?.answer.output : undefined
      const meant = Array.isArray(output) ? output.find((one) => isObject(one) && one.id === id) : undefined
      if (meant === undefined)
        throw new GatewayError('invalid_request', `Item with id '${id}' not found.`, { param: 'input' })
      return meant
    }),
  )
}

/** Over a socket a turn is kept for the next one here, where its caller asks nobody to store it. */
export function keptBySocket({ socket }: Call, read: ReadRequest): boolean {
  if (!socket || read.member('store') !== false) return false
  // What only the upstream knows it must be asked to go on from.
  return !read.resumed || read.resumed.items !== undefined
}

function refuseKeepersOnly(read: ReadRequest): void {
  const refuse = (name: string, why: string): never => {
    throw new GatewayError('unsupported_operation', `${name} is unsupported for this model: ${why}`, {
      param: name,
    })
  }
  if (read.member('background') === true) refuse('background', 'its endpoint keeps no responses')
  const conversationId = read.member('conversation')
  if (conversationId !== undefined && conversationId !== null)
    refuse('conversation', 'its endpoint keeps no conversations')
}

/** Input as items; a string is one user message. */
export function itemsOf(input: Json | undefined): Json[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  return Array.isArray(input) ? input : []
}

/** What is done with a finished answer: kept here, or known to be kept there. */
export interface Keeping {
  /** The answer of an upstream that keeps nothing. */
  keep(answer: JsonObject): void
  /** The id of an answer that its endpoint keeps. */
  pin(id: string): void
}

export function keeping(
  call: Call,
  read: ReadRequest,
  deployment: Deployment,
  runtime: Runtime,
): Keeping | undefined {
  if (call.dialect.id !== 'openai-responses' || call.operation !== 'chat') return undefined
  const stored = read.member('store') !== false
  const { socket } = call
  if (!stored && !socket) return undefined
  const owner = callerOf(call)
  const put = (row: StoredResponse): void => {
    runtime.responses.put(row).catch((error: unknown) => {
      runtime.telemetry.log.warn({ err: error, id: call.id }, 'a response could not be kept')
    })
  }
  return {
    keep(answer) {
      const { id } = answer
      if (typeof id !== 'string' || id === '') return
      const previous = read.resumed?.id
      const row: StoredResponse = {
        id,
        owner,
        kept: {
          input: itemsOf(read.member('input')),
          answer,
          ...(previous === undefined ? {} : { previous }),
        },
      }
      // What a socket is not asked to store goes with it; what goes on from there may, too.
      if (stored) put(row)
      socket?.session.put(row)
    },
    pin(id) {
      if (stored) put({ id, owner, pin: { endpoint: deployment.endpoint.id, model: deployment.model } })
    },
  }
}
