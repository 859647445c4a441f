// Failures outside the pipeline (unknown path, body too large, bad key on a GET), in the caller's dialect.

import type { GenerationDialect } from '../core/dialect.ts'
import type { GatewayError } from '../core/error.ts'
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { type Context, sendJson } from './context.ts'

/** Anthropic's clients say so by header or path; everybody else reads OpenAI's shape. */
export function callerDialect(context: Context): GenerationDialect {
  return context.request.headers['anthropic-version'] !== undefined ||
    context.url.pathname.startsWith('/v1/messages')
    ? anthropicMessages
    : openaiChat
}

export function failWith(context: Context, error: GatewayError, dialect = callerDialect(context)): void {
  if (context.response.headersSent || context.response.destroyed) return
  const { status, body, headers } = dialect.error.encode(error, context.id)
  // A body that was not read to its end cannot be followed by another request on this connection.
  const unread = !context.request.complete
  sendJson(context, status, body, { ...headers, ...(unread ? { connection: 'close' } : {}) })
  if (unread) drain(context)
  context.gateway.runtime.telemetry.log.info(
    { id: context.id, path: context.url.pathname, status, error: error.kind, reason: error.message },
    'refused',
  )
}

/** Lets the sender finish for a moment, so that it reads our answer instead of a reset; then cuts it off. */
function drain(context: Context): void {
  const { request } = context
  request.resume()
  const timer = setTimeout(() => request.destroy(), 2_000)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
}
