// Which failures another model may cure, by cause. Fallback happens only where a route declares it for the cause, never
// on a caller's own mistake, and never twice to the same route.

import type { ErrorKind } from '../core/error.ts'

export type Cause = 'unavailable' | 'rate_limited' | 'context_too_long' | 'content_refused' | 'timeout'

export const CAUSES: readonly Cause[] = [
  'unavailable',
  'rate_limited',
  'context_too_long',
  'content_refused',
  'timeout',
]

/** Routes to go to, by cause, in order. */
export type Fallbacks = Readonly<Partial<Record<Cause, readonly string[]>>>

const BY_KIND: Readonly<Partial<Record<ErrorKind, Cause>>> = {
  backend_unavailable: 'unavailable',
  endpoint_not_ready: 'unavailable',
  upstream_failed: 'unavailable',
  bad_upstream_response: 'unavailable',
  upstream_auth: 'unavailable',
  overloaded: 'rate_limited',
  rate_limited: 'rate_limited',
  upstream_rate_limited: 'rate_limited',
  context_length_exceeded: 'context_too_long',
  content_refused: 'content_refused',
  upstream_timeout: 'timeout',
}

/** A plain list of names is for what makes a model unreachable; a refusal of content must be asked for by name. */
export function fallbacks(declared: readonly string[] | Fallbacks): Fallbacks {
  if (!Array.isArray(declared)) return declared as Fallbacks
  const names = declared as readonly string[]
  return names.length === 0
    ? {}
    : { unavailable: names, rate_limited: names, context_too_long: names, timeout: names }
}

/** Every route that is named, whatever the cause. */
export function fallbackNames(declared: readonly string[] | Fallbacks): string[] {
  return [...new Set(Object.values(fallbacks(declared)).flat())]
}

export function causeOf(kind: ErrorKind): Cause | undefined {
  return BY_KIND[kind]
}

/** The next route to try, or undefined: the failure stands. */
export function nextRoute(
  declared: Fallbacks,
  kind: ErrorKind,
  visited: ReadonlySet<string>,
): string | undefined {
  const cause = causeOf(kind)
  if (cause === undefined) return undefined
  return declared[cause]?.find((name) => !visited.has(name))
}
