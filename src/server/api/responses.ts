// Responses by id.

import { normalise } from '../../core/error.ts'
import { openaiResponses } from '../../dialects/openai-responses/index.ts'
import { type ResponseAction, responseById } from '../../gateway/response-by-id.ts'
import type { Handler } from '../context.ts'
import { failWith } from '../fail.ts'
import { deliverReply } from './generate.ts'

const PATH = /^(?:\/v1)?\/responses\/([^/]+)(?:\/(cancel|input_items))?$/

/** The handler of a path below /v1/responses, or undefined where there is none. */
export function responsePath(verb: string, path: string): Handler | undefined {
  const match = PATH.exec(path)
  if (!match) return undefined
  const action = actionOf(verb, match[2])
  return action && byId(match[1] as string, action)
}

function actionOf(verb: string, tail: string | undefined): ResponseAction | undefined {
  if (tail === 'cancel') return verb === 'POST' ? 'cancel' : undefined
  if (tail === 'input_items') return verb === 'GET' ? 'input_items' : undefined
  return verb === 'GET' ? 'get' : verb === 'DELETE' ? 'delete' : undefined
}

function byId(escaped: string, action: ResponseAction): Handler {
  return async (context) => {
    const { request, gateway, url } = context
    try {
      const reply = await responseById(
        {
          id: context.id,
          responseId: decoded(escaped),
          action,
          query: url.searchParams,
          headers: request.headers,
          cancel: context.cancel,
        },
        gateway.runtime,
      )
      deliverReply(context, reply)
    } catch (thrown) {
      failWith(context, normalise(thrown), openaiResponses)
    }
  }
}

/** A malformed escape stands for itself: no response has that id. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
