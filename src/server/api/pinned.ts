// /v1/files and /v1/batches with all that hangs below them.

import { normalise } from '../../core/error.ts'
import { openaiChat } from '../../dialects/openai-chat/index.ts'
import { type Sent, readSent } from '../body.ts'
import type { Context } from '../context.ts'
import { failWith } from '../fail.ts'
import { deliverReply } from './generate.ts'

const PATH = /^\/v1\/(files|batches)((?:\/[\w.-]+){0,2})$/

/** Whether a path is one of these. */
export function isPinned(method: string, path: string): boolean {
  return (method === 'GET' || method === 'POST' || method === 'DELETE') && PATH.test(path)
}

export async function pinned(context: Context): Promise<void> {
  const { request, gateway, url } = context
  const [, operation, rest] = PATH.exec(url.pathname) ?? []
  let sent: Sent
  try {
    sent = await readSent(request, false, gateway.runtime.config.server)
  } catch (thrown) {
    return failWith(context, normalise(thrown), openaiChat)
  }
  const reply = await gateway.pinned({
    id: context.id,
    operation: operation === 'files' ? 'files' : 'batches',
    method: request.method === 'POST' ? 'POST' : request.method === 'DELETE' ? 'DELETE' : 'GET',
    rest: `${rest ?? ''}${url.search}`,
    dialect: openaiChat,
    headers: request.headers,
    ...sent,
    cancel: context.cancel,
  })
  deliverReply(context, reply, sent.upload)
}
