// /api/v1/calls: what is under way, what became of the latest calls and why, and the tail of it as an event stream.

import { GatewayError } from '../../core/error.ts'
import { allCalls, allTail, anyCall } from '../views/all.ts'
import { LIMIT } from '../views/call-rows.ts'
import { type AdminCall, type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'

/** A tail that nobody reads is let go rather than gathered in memory. */
const TAIL_BUFFER_BYTES = 1024 * 1024
const TAIL_BEAT_MS = 15_000

/** Calls as they end, one `data:` line each; a beat of comments keeps proxies from closing it. */
function tail(call: AdminCall<unknown>): undefined {
  const { context, query } = call
  const { response } = context
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-request-id': context.id,
  })
  response.write(': calls as they end\n\n')
  const send = (text: string): void => {
    if (response.writableLength > TAIL_BUFFER_BYTES) response.destroy()
    else response.write(text)
  }
  const stop = allTail(call, query, (row) =>
    send(`event: call\nid: ${row.id}\ndata: ${JSON.stringify(row)}\n\n`),
  )
  const beat = setInterval(() => send(': beat\n\n'), TAIL_BEAT_MS)
  beat.unref()
  response.once('close', () => {
    clearInterval(beat)
    stop()
  })
  return undefined
}

const filters = {
  model: 'only this name',
  endpoint: 'only this endpoint',
  status: 'a status, "ok" or "failed"',
}

export const callRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/calls',
    id: 'call_list',
    tag: 'calls',
    summary: 'Calls under way, then the latest ones, newest first',
    query: { ...filters, limit: `at most this many (${LIMIT.usual}, up to ${LIMIT.top})` },
    answer: schemas.callList,
    async handler(call) {
      const { running, done, underWay } = await allCalls(call, call.query)
      return { body: { object: 'list', data: [...running, ...done], under_way: underWay } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/calls/stream',
    id: 'call_tail',
    tag: 'calls',
    summary: 'The tail: one event per call as it ends',
    query: filters,
    answer: schemas.callRow,
    stream: true,
    handler: tail,
  }),
  route({
    method: 'GET',
    path: '/api/v1/calls/{id}',
    id: 'call_get',
    tag: 'calls',
    summary: 'One call: what was decided, tried and waited for, and what was lost in translation',
    answer: schemas.callDetail,
    async handler(call) {
      const id = call.params.id as string
      const body = await anyCall(call, id)
      if (!body)
        throw new GatewayError('not_found', `no call "${id}" is remembered; the latest thousand are`, {
          param: 'id',
        })
      return { body }
    },
  }),
]
