// An access token from a token endpoint: one request at a time, the token kept until shortly before it expires.

import type { Dispatcher } from 'undici'
import type { Clock } from '../core/clock.ts'
import { GatewayError } from '../core/error.ts'
import { asNumber, asString, isObject } from '../core/json.ts'

/** A token this near its end is renewed. */
const EARLY_MS = 5 * 60 * 1000
const LIMIT_MS = 10_000
const ANSWER_CAP = 64 * 1024

export interface TokenQuestion {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
}

export interface OauthOptions {
  endpoint: string
  /** Who gives the token, for error messages. */
  from: string
  /** Made anew for every token: an assertion has a time in it. */
  question: () => Promise<TokenQuestion> | TokenQuestion
  clock: Pick<Clock, 'now'>
  /** For tests; a connection of its own otherwise. */
  dispatcher?: Dispatcher
}

/** @returns a function that gives a valid token; callers at the same time share one request. */
export function oauthToken({
  endpoint,
  from,
  question,
  clock,
  dispatcher,
}: OauthOptions): () => Promise<string> {
  let token: { value: string; until: number } | undefined
  let asking: Promise<string> | undefined
  let agent = dispatcher

  const ask = async (): Promise<string> => {
    const fail = (why: string, cause?: unknown): GatewayError =>
      new GatewayError('upstream_auth', `endpoint "${endpoint}" got no token from ${from}: ${why}`, {
        endpoint,
        phase: 'connect',
        cause,
      })
    let status: number
    let text: string
    try {
      const { url, method, headers, body } = await question()
      const { Agent, request } = await import('undici')
      agent ??= new Agent({ connections: 1, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS })
      const answer = await request(url, {
        method,
        dispatcher: agent,
        headers,
        signal: AbortSignal.timeout(LIMIT_MS),
        ...(body === undefined ? {} : { body }),
      })
      status = answer.statusCode
      text = (await answer.body.text()).slice(0, ANSWER_CAP)
    } catch (cause) {
      throw fail(cause instanceof Error ? cause.message : String(cause), cause)
    }
    let wire: unknown
    try {
      wire = JSON.parse(text)
    } catch {
      throw fail(`HTTP ${status}, no JSON`)
    }
    const value = isObject(wire) ? asString(wire.access_token) : undefined
    if (status !== 200 || value === undefined || !isObject(wire))
      throw fail(
        `HTTP ${status} ${(isObject(wire) ? (asString(wire.error_description) ?? asString(wire.error)) : '') ?? ''}`,
      )
    token = { value, until: clock.now() + (asNumber(wire.expires_in) ?? 3_600) * 1000 - EARLY_MS }
    return value
  }

  return () => {
    if (token && clock.now() < token.until) return Promise.resolve(token.value)
    asking ??= ask().finally(() => {
      asking = undefined
    })
    return asking
  }
}
