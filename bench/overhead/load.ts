// The load: a fixed number of requests over 32 connections, every answer checked. Reads its order as JSON from the
// command line, prints what it saw as JSON.

import { Pool } from 'undici'
import { LAST_WORDS } from './traffic.ts'

export interface Order {
  origin: string
  path: string
  headers: Record<string, string>
  body: string
  /** Characters that stand for "@fill@" in the body. */
  fill?: number
  requests: number
  connections: number
  /** Text the answer must end with, trailing space aside. */
  ends: string
  /** Text the answer must hold; the last words of the usual answer when absent. */
  holds?: string
  /** Refused calls are what is asked about: any number of them. */
  patient?: boolean
}

export interface Seen {
  ok: number
  bad: number
  firstBad?: string
}

const order = JSON.parse(process.argv[2] as string) as Order
if (order.fill !== undefined) order.body = order.body.replace('@fill@', 'x'.repeat(order.fill))
const pool = new Pool(order.origin, {
  connections: order.connections,
  headersTimeout: 10_000,
  bodyTimeout: 10_000,
})
const seen: Seen = { ok: 0, bad: 0 }
let left = order.requests

async function one(): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: order.path,
    headers: { 'content-type': 'application/json', ...order.headers },
    body: order.body,
  })
  const text = await body.text()
  if (statusCode === 200 && text.trimEnd().endsWith(order.ends) && text.includes(order.holds ?? LAST_WORDS))
    seen.ok++
  else {
    seen.bad++
    seen.firstBad ??= `${statusCode} ${text.slice(0, 200)} ... ${text.slice(-80)}`
  }
}

async function worker(): Promise<void> {
  while (left > 0 && (seen.bad < 20 || order.patient === true)) {
    left--
    try {
      await one()
    } catch (thrown) {
      seen.bad++
      seen.firstBad ??= String(thrown)
    }
  }
}

await Promise.all(Array.from({ length: order.connections }, worker))
console.log(JSON.stringify(seen))
await pool.destroy()
