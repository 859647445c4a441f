// The generation paths and the plain operations: each is a dialect and an operation, the rest is the pipeline's.

import type { GenerationDialect } from '../../core/dialect.ts'
import { normalise } from '../../core/error.ts'
import type { Call, Reply, Sink } from '../../gateway/call.ts'
import { refuseLoop } from '../../gateway/hops.ts'
import { isPassed } from '../../gateway/passed.ts'
import type { Upload } from '../../gateway/upload.ts'
import { type Sent, readBody, readSent } from '../body.ts'
import { chunked } from '../chunked.ts'
import type { Context, Handler } from '../context.ts'
import { answerEarly, failWith } from '../fail.ts'
import type { LiveCall } from '../live-calls.ts'

/** What a path says of a call. */
export interface Asked extends Pick<Call, 'operation' | 'dialect' | 'named'> {
  /** Headers in place of the request's own, where the path carries one of them. */
  headers?: Call['headers']
  /** The caller reads its stream in a framing of its own: the content type, and what stands between. */
  reframed?: { type: string; sink(to: Sink): Sink }
}

export function operation(name: Call['operation'], dialect: GenerationDialect): Handler {
  return (context) => answer(context, { operation: name, dialect })
}

export async function answer(context: Context, asked: Asked): Promise<void> {
  const { request, gateway } = context
  const { operation: name, dialect, named, headers = request.headers, reframed } = asked
  const { id, response } = context
  const live: LiveCall = { id, operation: name, dialect: dialect.id, at: Date.now(), response }
  context.admin?.live.begin(live)
  let sent: Sent
  try {
    refuseLoop(headers)
    const { server } = gateway.runtime.config
    sent = isPassed(name)
      ? await readSent(request, true, server)
      : { body: await readBody(request, server.maxBodyBytes) }
  } catch (thrown) {
    return failWith(context, normalise(thrown), dialect)
  }
  const reply = await gateway.handle({
    id,
    operation: name,
    dialect,
    ...(named ? { named } : {}),
    headers,
    ...sent,
    live,
    cancel: context.cancel,
  })
  deliverReply(context, reply, sent.upload, reframed)
}

/** Writes a reply: whole, or as it flows. It may come before all of an upload has. */
export function deliverReply(
  context: Context,
  reply: Reply,
  upload?: Upload,
  reframed?: Asked['reframed'],
): void {
  const { request, response } = context
  if (response.destroyed) return
  const early = upload !== undefined && !request.complete
  if ('body' in reply && early) {
    upload.stop()
    return answerEarly(context, reply.status, reply.body, reply.headers)
  }
  if ('body' in reply) {
    reply.headers['content-length'] = String(
      typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.length,
    )
    response.writeHead(reply.status, reply.headers)
    // Text joins its head in one write; bytes would be a second piece.
    if (typeof reply.body !== 'string' && reply.body.length <= JOINED_BYTES)
      response.end(reply.body.toString('latin1'), 'latin1')
    else response.end(reply.body)
    return
  }
  if (early) reply.headers.connection = 'close'
  if (reframed) reply.headers['content-type'] = reframed.type
  // The first event is here already (commit point): head and event leave in one packet.
  const sink = chunked(response, reply.status, reply.headers, request.method === 'HEAD')
  reply.stream(reframed ? reframed.sink(sink) : sink)
}

/** A body up to this joins its head. */
const JOINED_BYTES = 8_000
