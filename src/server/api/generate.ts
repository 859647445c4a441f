// The generation paths and the plain operations: each is a dialect and an operation, the rest is the pipeline's.

import type { GenerationDialect } from '../../core/dialect.ts'
import { normalise } from '../../core/error.ts'
import type { Call } from '../../gateway/call.ts'
import { readBody } from '../body.ts'
import type { Handler } from '../context.ts'
import { failWith } from '../fail.ts'

export function operation(name: Call['operation'], dialect: GenerationDialect): Handler {
  return async (context) => {
    const { request, response, gateway } = context
    context.admin?.live.begin({ id: context.id, operation: name, dialect: dialect.id, at: Date.now() })
    let body: Buffer
    try {
      body = await readBody(request, gateway.runtime.config.server.maxBodyBytes)
    } catch (thrown) {
      return failWith(context, normalise(thrown), dialect)
    }
    const reply = await gateway.handle({
      id: context.id,
      operation: name,
      dialect,
      headers: request.headers,
      body,
      cancel: context.cancel,
    })
    if (response.destroyed) return
    if ('body' in reply) {
      reply.headers['content-length'] = String(
        typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.length,
      )
      response.writeHead(reply.status, reply.headers)
      response.end(reply.body)
      return
    }
    // The first event is here already (commit point): head and event leave in one packet.
    response.writeHead(reply.status, reply.headers)
    reply.stream({
      write: (bytes) => response.write(bytes),
      end: () => response.end(),
      onDrain: (fn) => response.once('drain', fn),
    })
  }
}
