// Who calls. Today there is one key, the master key; without one configured every local caller is welcome. The text is
// the same for a missing and a wrong key, and the comparison tells nothing of how wrong it is.

import { timingSafeEqual } from 'node:crypto'
import { GatewayError } from '../core/error.ts'
import type { Secret } from '../core/secret.ts'
import type { Call } from './call.ts'
import { digester } from './digests.ts'
import type { Runtime } from './runtime.ts'

export function identify(call: Pick<Call, 'headers'>, runtime: Pick<Runtime, 'config'>): void {
  const { masterKey } = runtime.config.server
  if (!masterKey || masterKey.isEmpty) return
  const key = keyOf(call)
  if (key === undefined || !matches(masterKey, key))
    throw new GatewayError(
      'unauthenticated',
      'a valid API key is needed: send it as "Authorization: Bearer <key>" or "x-api-key: <key>"',
    )
}

/** Whose call it is, for turns and limits: the key it presents, as a digest. Callers without a key are one. */
export function callerOf(call: Pick<Call, 'headers'>): string {
  const key = keyOf(call)
  return key === undefined ? '' : digest(key)
}

const digest = digester(16)

function keyOf(call: Pick<Call, 'headers'>): string | undefined {
  // Where both credential headers arrive, x-api-key is the one that counts, as at Anthropic's own API.
  return (
    header(call, 'x-api-key') ?? header(call, 'x-goog-api-key') ?? bearer(call) ?? header(call, 'api-key')
  )
}

function header(call: Pick<Call, 'headers'>, name: string): string | undefined {
  const value = call.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function bearer(call: Pick<Call, 'headers'>): string | undefined {
  const value = header(call, 'authorization')
  return value !== undefined && /^bearer /i.test(value) ? value.slice(7).trim() : undefined
}

const keys = new WeakMap<Secret, Buffer>()

/** Takes the same time for every wrong key of the same length; the length of a key is no secret. */
function matches(secret: Secret, given: string): boolean {
  let key = keys.get(secret)
  if (!key) {
    key = Buffer.from(secret.reveal())
    keys.set(secret, key)
  }
  const bytes = Buffer.from(given)
  return bytes.length === key.length && timingSafeEqual(key, bytes)
}
