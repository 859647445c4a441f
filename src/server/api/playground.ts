// The console's playground: a chat call made with the browser's admin session in the place of a caller's key. From here on
// it is a call like any other.

import { openaiChat } from '../../dialects/openai-chat/index.ts'
import type { Handler } from '../context.ts'
import { operation } from './generate.ts'

const chat = operation('chat', openaiChat)

/** @throws 401 or 403 where the session, its token or its page is not right. */
export const playground: Handler = (context) => {
  const { admin, gateway, request } = context
  admin?.access.admit(request)
  const { masterKey } = gateway.runtime.config.server
  // The session stands for the key; without services there is no session, and the caller's own key decides.
  if (admin && masterKey && !masterKey.isEmpty) request.headers.authorization = `Bearer ${masterKey.reveal()}`
  return chat(context)
}
