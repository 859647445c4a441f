// Failures outside the pipeline (unknown path, body too large, bad key on a GET), in the caller's dialect.

import type { GenerationDialect } from '../core/dialect.ts'
import type { GatewayError } from '../core/error.ts'
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts'
import { ollama } from '../dialects/ollama/index.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { gemini } from '../dialects/gemini/index.ts'
import { type Context, sendJson } from './context.ts'
import { isGoogleCaller } from './google-caller.ts'

const OLLAMA_PATH = /^\/api\/(chat|generate|embed|embeddings|tags|ps|show|version)$/

/** Anthropic's and Google's clients say so by header or path; everybody else reads OpenAI's shape. */
export function callerDialect(context: Context): GenerationDialect {
  if (OLLAMA_PATH.test(context.url.pathname)) return ollama
  return context.request.headers['anthropic-version'] !== undefined ||
    context.url.pathname.startsWith('/v1/messages')
    ? anthropicMessages
    : isGoogleCaller(context)
      ? gemini
      : openaiChat
}

export function failWith(context: Context, error: GatewayError, dialect = callerDialect(context)): void {
  if (context.response.headersSent || context.response.destroyed) return
  const { status, body, headers } = dialect.error.encode(error, context.id)
  if (context.request.complete) sendJson(context, status, body, headers)
  else answerEarly(context, status, JSON.stringify(body), headers)
  context.gateway.runtime.telemetry.log.info(
    { id: context.id, path: context.url.pathname, status, error: error.kind, reason: error.message },
    'refused',
  )
}

/**
 * An answer while the request is still arriving. The connection cannot carry another request, but closing it at once
 * would reset a sender that has not read the answer yet: so the answer goes out whole, what still comes is read and
 * thrown away for a moment, and only then the connection ends.
 */
export function answerEarly(
  context: Context,
  status: number,
  body: string | Buffer,
  headers: Record<string, string>,
): void {
  const { request, response } = context
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': context.id,
    connection: 'close',
    ...headers,
  })
  response.write(body)
  const finish = (): void => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(finish, 2_000)
  timer.unref()
  request.once('end', finish)
  request.once('close', finish)
  request.resume()
}
