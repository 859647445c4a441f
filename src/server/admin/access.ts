// Who may administer: the admin key in a header, or a browser session that was opened with it. A session's cookie is
// HttpOnly and SameSite=Strict, and every change made with it must also carry the session's token and come from our own
// pages. Without any key configured only this machine's own programs and pages are let in.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isPrivateIp } from '../../core/url-rules.ts'
import type { Config } from '../../config/config.ts'
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/error.ts'
import type { Holding } from '../../core/holding.ts'
import type { Secret } from '../../core/secret.ts'
import type { Actor } from '../control/state.ts'

export interface Session {
  csrf: string
  /** ms since the Unix epoch. */
  expiresAt: number
}

export interface Access {
  /** Whether a key is needed at all. */
  keyRequired(): boolean
  /** @throws 401 or 403. */
  admit(request: IncomingMessage): Actor
  /** @returns the session and its Set-Cookie value. @throws 401, or 429 after too many wrong keys. */
  login(request: IncomingMessage, key: string): { session: Session; cookie: string }
  /** @returns the Set-Cookie value that ends the session. */
  logout(request: IncomingMessage): string
  session(request: IncomingMessage): Session | undefined
  holding(): Holding
}

const COOKIE = 'trunkline_session'
const SESSION_MS = 12 * 3_600_000
const MAX_SESSIONS = 1_000
/** Wrong keys within a minute: from one address, and from all together. */
const TRIES = { each: 5, all: 50, windowMs: 60_000 }

export function access(config: () => Config, clock: Clock): Access {
  const sessions = new Map<string, Session>()
  const wrong: { from: string; at: number }[] = []

  const adminKey = (): Secret | undefined => {
    const { adminKey: own, masterKey } = config().server
    const key = own && !own.isEmpty ? own : masterKey
    return key && !key.isEmpty ? key : undefined
  }
  const sessionOf = (request: IncomingMessage): Session | undefined => {
    const id = cookieOf(request)
    const found = id === undefined ? undefined : sessions.get(digest(id))
    return found && found.expiresAt > clock.now() ? found : undefined
  }

  return {
    keyRequired: () => adminKey() !== undefined,
    admit(request) {
      const from = addressOf(request)
      const key = adminKey()
      const given = givenKey(request)
      if (given !== undefined && key) {
        if (!same(key.reveal(), given)) throw refused()
        return { name: 'admin key', from }
      }
      const session = sessionOf(request)
      if (session) {
        if (
          !safe(request) &&
          (!ownPage(request) || !same(session.csrf, header(request, 'x-csrf-token') ?? ''))
        )
          throw new GatewayError(
            'permission_denied',
            'a change from a browser session needs its x-csrf-token and must come from our own page',
          )
        return { name: 'session', from }
      }
      if (key) throw refused()
      // No key: a page of another site must not reach in through the operator's browser, under no name.
      if (!ownPage(request) || !ownName(request, config().server.host))
        throw new GatewayError(
          'permission_denied',
          'without a key the admin API answers pages of its own address only',
        )
      return { name: 'anonymous', from }
    },
    login(request, given) {
      const from = addressOf(request)
      const now = clock.now()
      while (wrong[0] && wrong[0].at <= now - TRIES.windowMs) wrong.shift()
      const mine = wrong.filter((row) => row.from === from)
      if (mine.length >= TRIES.each || wrong.length >= TRIES.all) {
        const oldest = (mine[0] ?? wrong[0])?.at ?? now
        const retryAfterS = Math.max(1, Math.ceil((oldest + TRIES.windowMs - now) / 1000))
        throw new GatewayError('rate_limited', `too many wrong keys; try again in ${retryAfterS} s`, {
          retryAfterS,
        })
      }
      if (!ownPage(request))
        throw new GatewayError('permission_denied', 'a login must come from our own page')
      const key = adminKey()
      if (key && !same(key.reveal(), given)) {
        wrong.push({ from, at: now })
        throw refused()
      }
      for (const [id, session] of sessions) if (session.expiresAt <= now) sessions.delete(id)
      if (sessions.size >= MAX_SESSIONS) sessions.delete(sessions.keys().next().value as string)
      const id = randomBytes(32).toString('base64url')
      const session = { csrf: randomBytes(24).toString('base64url'), expiresAt: now + SESSION_MS }
      // The store knows the digest only: a look into memory or a dump opens no session.
      sessions.set(digest(id), session)
      return {
        session,
        cookie: `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_MS / 1000}`,
      }
    },
    logout(request) {
      const id = cookieOf(request)
      if (id !== undefined) sessions.delete(digest(id))
      return `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`
    },
    session: sessionOf,
    holding: () => ({ entries: sessions.size, mostEntries: MAX_SESSIONS }),
  }
}

function refused(): GatewayError {
  return new GatewayError(
    'unauthenticated',
    'the admin key is needed: send it as "Authorization: Bearer <key>", or log in at /ui',
  )
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function givenKey(request: IncomingMessage): string | undefined {
  const bearer = /^bearer\s+(.+)$/i.exec(header(request, 'authorization') ?? '')?.[1]
  return header(request, 'x-api-key') ?? header(request, 'api-key') ?? bearer?.trim()
}

function cookieOf(request: IncomingMessage): string | undefined {
  for (const pair of (header(request, 'cookie') ?? '').split(';')) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === COOKIE && value !== undefined && value !== '') return value
  }
  return undefined
}

function safe(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

/** No browser, or a page of the address that is asked. */
function ownPage(request: IncomingMessage): boolean {
  const site = header(request, 'sec-fetch-site')
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = header(request, 'origin')
  if (origin === undefined) return true
  try {
    return new URL(origin).host === header(request, 'host')
  } catch {
    return false
  }
}

/** The Host is an address or a local name: a name that somebody else's DNS points at us is not. */
function ownName(request: IncomingMessage, bound: string): boolean {
  const host = (header(request, 'host') ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  return host === bound || isPrivateIp(host) || /^[\d.]+$/.test(host) || host.includes(':')
}

function addressOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? 'unknown').replace(/^::ffff:/, '')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Takes the same time for every wrong answer. */
function same(right: string, given: string): boolean {
  const [a, b] = [right, given].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(a, b)
}
