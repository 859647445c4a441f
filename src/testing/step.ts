// One scripted answer, and how it goes on the wire: pieces, pauses and the ways a connection can fail.

import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Json, JsonObject } from '../core/json.ts'
import { sseFrame } from '../wire/sse.ts'

/** A piece of an event stream: raw text as it is, or one event to be framed. */
export type SsePiece = string | Buffer | { event?: string; data: string | JsonObject; delayMs?: number }

/**
 * Overrides the next request that it matches. What it leaves out stays as the fake answers by itself, so that
 * `{ resetAfterBytes: 20 }` is the usual answer, cut.
 */
export interface Step {
  /** Only requests whose path matches; others leave the step in the queue. */
  match?: RegExp
  /** Only requests of this method. */
  method?: string
  status?: number
  headers?: Readonly<Record<string, string>>
  /** Objects go as JSON. */
  body?: string | Buffer | object
  /** The same as `body`, said more plainly. */
  json?: unknown
  text?: string
  sse?: readonly SsePiece[]
  /** Wait before the body. The headers wait too, unless `headersDelayMs` says when they go. */
  delayMs?: number
  headersDelayMs?: number
  /** Write the body in pieces of so many bytes, each a packet of its own. */
  chunkBytes?: number | 'every byte'
  /** Reset the connection (RST) after so many bytes of the body. */
  resetAfterBytes?: number
  /** End the answer as if it were complete after so many bytes of the body. */
  endAfterBytes?: number
  /** Send nothing more after so many bytes of the body, and keep the connection open. */
  stallAfterBytes?: number
  /** Answer with a redirect to this address. */
  redirect?: string
  /** Apply to all further matching requests, not just one. */
  keep?: boolean
}

export function matches(step: Step, method: string, path: string): boolean {
  if (step.method !== undefined && step.method !== method) return false
  // A regexp with the g or y flag remembers where it was; search always starts at the front.
  return step.match === undefined || path.search(step.match) >= 0
}

/** The scripted step over the fake's own answer. A step that brings content or a status replaces the content. */
export function overlay(own: Step, step: Step): Step {
  if (hasContent(step)) return { ...step, headers: step.headers ?? {} }
  const headers = step.headers ? { ...own.headers, ...step.headers } : own.headers
  return { ...own, ...step, ...(headers ? { headers } : {}) }
}

export function hasContent(step: Step): boolean {
  return (
    step.body !== undefined ||
    'json' in step ||
    step.text !== undefined ||
    step.sse !== undefined ||
    step.redirect !== undefined
  )
}

interface Piece {
  bytes: Buffer
  delayMs: number
}

function pieceOf(piece: SsePiece): Piece {
  if (typeof piece === 'string') return { bytes: Buffer.from(piece), delayMs: 0 }
  if (Buffer.isBuffer(piece)) return { bytes: piece, delayMs: 0 }
  const data = typeof piece.data === 'string' ? piece.data : JSON.stringify(piece.data)
  return { bytes: Buffer.from(sseFrame(piece.event ?? '', data)), delayMs: piece.delayMs ?? 0 }
}

function contentOf(step: Step): { pieces: Piece[]; type?: string } {
  if (step.sse) return { pieces: step.sse.map(pieceOf), type: 'text/event-stream; charset=utf-8' }
  const value = step.body ?? step.text ?? ('json' in step ? JSON.stringify(step.json) : undefined)
  if (value === undefined) return { pieces: [] }
  if (Buffer.isBuffer(value))
    return { pieces: [{ bytes: value, delayMs: 0 }], type: 'application/octet-stream' }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const type = /^\s*[[{]/.test(text) || 'json' in step ? 'application/json' : 'text/plain; charset=utf-8'
  return { pieces: [{ bytes: Buffer.from(text), delayMs: 0 }], type }
}

function cut(pieces: readonly Piece[], size: number): Piece[] {
  return pieces.flatMap(({ bytes, delayMs }) => {
    const parts: Piece[] = []
    for (let at = 0; at < bytes.length; at += size)
      parts.push({ bytes: bytes.subarray(at, at + size), delayMs: at === 0 ? delayMs : 0 })
    return parts
  })
}

/** Resolves after `ms`, or at once when the signal is raised. Never rejects. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

function raised(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** @param gone raised when the client hangs up or the fake closes. */
export async function sendStep(response: ServerResponse, step: Step, gone: AbortSignal): Promise<void> {
  const { pieces: whole, type } = contentOf(step)
  const limit = step.resetAfterBytes ?? step.endAfterBytes ?? step.stallAfterBytes
  const size = step.chunkBytes === 'every byte' ? 1 : step.chunkBytes
  const pieces = size === undefined ? whole : cut(whole, Math.max(1, size))

  await pause(step.headersDelayMs ?? step.delayMs ?? 0, gone)
  if (gone.aborted) return
  const headers: Record<string, string | number> = {}
  if (type !== undefined) headers['content-type'] = type
  if (step.redirect !== undefined) headers.location = step.redirect
  // A length only where the whole body will follow or its absence must be noticed.
  if (!step.sse && size === undefined && step.endAfterBytes === undefined)
    headers['content-length'] = whole.reduce((sum, piece) => sum + piece.bytes.length, 0)
  for (const [name, value] of Object.entries(step.headers ?? {})) headers[name.toLowerCase()] = value
  response.writeHead(step.status ?? (step.redirect === undefined ? 200 : 302), headers)
  if (step.headersDelayMs !== undefined && step.delayMs !== undefined) {
    response.flushHeaders()
    await pause(step.delayMs, gone)
  }

  let sent = 0
  for (const piece of pieces) {
    if (piece.delayMs > 0) {
      response.flushHeaders()
      await pause(piece.delayMs, gone)
    }
    if (gone.aborted) return
    const room = limit === undefined ? piece.bytes.length : Math.min(piece.bytes.length, limit - sent)
    if (room > 0) await write(response, piece.bytes.subarray(0, room), gone)
    sent += room
    if (limit !== undefined && sent >= limit) break
  }
  if (gone.aborted) return
  if (limit === undefined || step.endAfterBytes !== undefined) {
    response.end()
    return
  }
  response.flushHeaders()
  // The bytes must have left before the connection is torn down or goes quiet.
  await nextTurn()
  if (step.resetAfterBytes !== undefined) response.socket?.resetAndDestroy()
  else await raised(gone)
}

/** One write, one packet: a later write in the same turn would be joined with this one. */
async function write(response: ServerResponse, bytes: Buffer, gone: AbortSignal): Promise<void> {
  if (response.write(bytes)) return nextTurn()
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      gone.removeEventListener('abort', done)
      resolve()
    }
    response.on('drain', done)
    gone.addEventListener('abort', done)
  })
}

/** A JSON answer. */
export function json(body: Json, status = 200, headers: Record<string, string> = {}): Step {
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
}
