// Gateways may stand behind each other, and by mistake in a circle. Each counts itself in a header towards servers of
// the operator's own network; who is asked too deep in a chain refuses instead of asking on.

import { GatewayError } from '../core/error.ts'
import { isLocalName } from '../core/url-rules.ts'
import type { Call } from './call.ts'

export const HOPS = 'x-trunkline-hops'

/** No honest chain of gateways is that long. */
const MOST_HOPS = 8

/** How many gateways a call has come through before this one. */
export function hopsOf(headers: Call['headers']): number {
  const given = Number(headers[HOPS] ?? 0)
  return Number.isInteger(given) && given > 0 ? given : 0
}

/** @throws 508 for a call that has come through too many. */
export function refuseLoop(headers: Call['headers']): void {
  if (headers[HOPS] === undefined || hopsOf(headers) < MOST_HOPS) return
  throw new GatewayError(
    'invalid_request',
    `this call came through ${hopsOf(headers)} gateways: one of them has itself, or another that leads back to it, for an endpoint`,
    { status: 508, code: 'loop_detected' },
  )
}

/** Only servers of the operator's own network are told: a vendor need not know what stands before it. */
export function countsHops(baseUrl: string): boolean {
  try {
    return isLocalName(new URL(baseUrl).hostname)
  } catch {
    // The demo model has no address.
    return false
  }
}
