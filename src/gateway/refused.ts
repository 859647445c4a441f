// What an upstream says when it says no: its status and body as an error that keeps its words.

import type { GenerationDialect } from '../core/dialect.ts'
import { GatewayError } from '../core/error.ts'
import type { Json } from '../core/json.ts'
import { retryAfterMs } from '../routing/retry-after.ts'
import { type Exchange, collectBody } from '../upstream/send.ts'
import type { CallRecord } from './record.ts'
import type { Deployment } from './route-table.ts'

const ERROR_CAP = 1024 * 1024

/** A non-2xx answer as an error, its body read up to a cap and kept word for word. */
export async function refused(
  exchange: Exchange,
  upstream: GenerationDialect,
  deployment: Deployment,
  record: CallRecord,
  now: number,
): Promise<GatewayError> {
  const { status, headers } = exchange
  if (isRedirect(status)) exchange.abort()
  const text = isRedirect(status) ? '' : (await collectBody(exchange, ERROR_CAP)).toString('utf8')
  record.phase = 'firstByte'
  return refusal({ status, headers, text }, upstream, deployment, now)
}

/** The same of an answer that is here whole. */
export function refusal(
  { status, headers, text }: { status: number; headers: Record<string, string>; text: string },
  upstream: GenerationDialect,
  { endpoint }: Deployment,
  now: number,
): GatewayError {
  if (isRedirect(status))
    return new GatewayError(
      'bad_upstream_response',
      `endpoint "${endpoint.id}" answered a redirect (${status}); redirects are never followed, set its base_url to the final address`,
      { endpoint: endpoint.id, upstreamStatus: status },
    )
  let body: Json | string = text
  try {
    body = JSON.parse(text) as Json
  } catch {
    // Not JSON (an HTML page of some proxy): the decoder makes a message of its beginning.
  }
  // Codecs know no clock: dates and resets become a plain number of ms here.
  const waitMs = retryAfterMs(headers, now)
  return upstream.error.decode(
    status,
    body,
    waitMs === undefined ? headers : { ...headers, 'retry-after-ms': String(waitMs) },
  )
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}
