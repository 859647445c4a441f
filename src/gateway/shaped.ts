// A plain operation at a host with a shape of its own: the call's requests are sent in order, a few at a time, and their
// answers put together. The first failure is the call's.

import { GatewayError } from '../core/error.ts'
import { type Json, type JsonObject, isObject } from '../core/json.ts'
import type { PlainShape, ShapeTarget, ShapedAnswer } from '../providers/shape.ts'
import type { Deployment } from './route-table.ts'

/** Batches under way at once: a large input must not become a flood. */
const AT_ONCE = 4

/** @param send sends one body and gives the answer; throws what the call shall fail with. */
export async function shapedAnswer(
  shape: PlainShape,
  body: JsonObject,
  deployment: Deployment,
  send: (body: JsonObject) => Promise<ShapedAnswer>,
): Promise<JsonObject> {
  const { access } = deployment.endpoint
  const target: ShapeTarget = {
    model: deployment.model,
    ...(access?.type === 'aws' ? { region: access.region } : {}),
  }
  const requests = shape.requests(body, target)
  const answers: ShapedAnswer[] = Array.from({ length: requests.length })
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < requests.length) {
      const index = next++
      answers[index] = await send(requests[index] as JsonObject)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, requests.length) }, worker))
  return shape.answer(answers, body, target)
}

/** A refusal of such a host, for callers who know only the public shape: its wording stays, its envelope goes. */
export function publicError(error: GatewayError): GatewayError {
  const { body } = error.verbatim ?? {}
  if (body === undefined || (isObject(body) && body.error !== undefined)) return error
  const { status, param, code, type, retryAfterS, upstreamStatus, phase, endpoint } = error
  return new GatewayError(error.kind, error.message, {
    status,
    param,
    code,
    type,
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
    ...(upstreamStatus === undefined ? {} : { upstreamStatus }),
    ...(phase === undefined ? {} : { phase }),
    ...(endpoint === undefined ? {} : { endpoint }),
    cause: error,
  })
}

/** The parsed body of one answer. @throws `bad_upstream_response`. */
export function jsonOf(bytes: Buffer, endpoint: string): Json {
  try {
    return JSON.parse(bytes.toString('utf8')) as Json
  } catch (cause) {
    throw new GatewayError(
      'bad_upstream_response',
      `endpoint "${endpoint}" answered 200 with a body that is not JSON`,
      {
        endpoint,
        upstreamStatus: 200,
        cause,
      },
    )
  }
}
