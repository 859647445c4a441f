// The callers of the stream benches: so many streams at once, how late each event came, printed as JSON.

import { Agent, request } from 'node:http'

export interface Order {
  url: string
  headers: Record<string, string>
  body: string
  streams: number
  /** Streams in all; a new one starts when one ends. */
  total: number
  /** Characters that stand for "@fill@" in the body. */
  fill?: number
  /** Text the last bytes must hold. */
  ends: string
  /** Ms between the starts of the first streams. */
  rampMs: number
}

export interface Heard {
  done: number
  bad: number
  firstBad?: string
  events: number
  /** Ms between sending and arrival of an event. */
  p50: number
  p99: number
  max: number
  /** Ms until the first byte. */
  firstP50: number
  firstP99: number
  ms: number
}

const order = JSON.parse(process.argv[2] as string) as Order
if (order.fill !== undefined) order.body = order.body.replace('@fill@', 'x'.repeat(order.fill))
const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
const late: number[] = []
const first: number[] = []
let done = 0
let bad = 0
let firstBad: string | undefined
let started = 0

function one(): Promise<void> {
  started++
  return new Promise((resolve) => {
    const at = performance.now()
    let tail = ''
    let rest = ''
    const failed = (why: string): void => {
      bad++
      firstBad ??= why
      resolve()
    }
    const asked = request(
      order.url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(order.body),
          ...order.headers,
        },
      },
      (response) => {
        let begun = false
        response.on('data', (piece: Buffer) => {
          if (!begun) first.push(performance.now() - at)
          begun = true
          const now = performance.timeOrigin + performance.now()
          const text = rest + piece.toString('latin1')
          for (const found of text.matchAll(/at (\d+\.\d{3}) /g)) late.push(now - Number(found[1]))
          // What may be cut in two is kept, what was counted is not.
          const cut = text.lastIndexOf('\n\n')
          rest = text.slice(Math.max(cut, text.length - 300))
          tail = (tail + text.slice(-300)).slice(-300)
        })
        response.on('end', () => {
          if (response.statusCode === 200 && tail.includes(order.ends)) done++
          else return failed(`${response.statusCode} ...${tail.slice(-200)}`)
          resolve()
        })
        response.on('error', (error) => failed(String(error)))
      },
    )
    asked.on('error', (error) => failed(String(error)))
    asked.end(order.body)
  })
}

async function worker(): Promise<void> {
  while (started < order.total && bad < 20) await one()
}

const at = performance.now()
await Promise.all(
  Array.from({ length: order.streams }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, index * order.rampMs))
    await worker()
  }),
)
late.sort((a, b) => a - b)
first.sort((a, b) => a - b)
const share = (values: number[], part: number): number =>
  Math.round((values[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0) * 100) / 100
const heard: Heard = {
  done,
  bad,
  ...(firstBad === undefined ? {} : { firstBad }),
  events: late.length,
  p50: share(late, 0.5),
  p99: share(late, 0.99),
  max: share(late, 1),
  firstP50: share(first, 0.5),
  firstP99: share(first, 0.99),
  ms: Math.round(performance.now() - at),
}
console.log(JSON.stringify(heard))
process.exit(0)
