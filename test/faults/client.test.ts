// The fault list once more, met by the client library: straight at the faulty upstream, and through a gateway in front
// of it. Both must end alike: the same answer, or the same class of error.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, LlmError, createClient } from '../../src/client/index.ts'
import { type Fake, startFake } from '../../src/testing/fake-upstream.ts'
import { FAULTS, type Fault } from './faults.ts'
import { type House, house } from './house.ts'
import { closePlaces, urlOf } from './places.ts'

let sick: Fake
beforeAll(async () => {
  sick = await startFake({ models: ['m'] })
})
afterAll(async () => {
  closePlaces()
  await sick.close()
})

interface Ended {
  text?: string
  class?: string
  status?: number
  attempts?: number
}

async function end(client: Client, stream: boolean): Promise<Ended> {
  try {
    const answer = stream ? await client.stream('ping').final() : await client.chat('ping')
    return { text: answer.text }
  } catch (thrown) {
    if (!(thrown instanceof LlmError)) throw thrown
    return { class: thrown.name, status: thrown.status, attempts: thrown.attempts }
  }
}

function client(options: Parameters<typeof createClient>[0], limitMs: number): Client {
  return createClient({
    env: {},
    config: false,
    model: 'm',
    retry: { maxAttempts: 1 },
    breaker: false,
    requestTimeoutMs: limitMs,
    connectTimeoutMs: limitMs,
    ...options,
  })
}

/** The class that the rules give a fault; undefined: it answers. The client reads every event, as a translation does. */
function wanted(fault: Fault, stream: boolean): string | undefined {
  const { status, kind, streamed } = { ...fault, ...fault.translated }
  if (kind === '' && (!stream || streamed === undefined || streamed === 'passes')) return undefined
  if (status === 429) return 'RateLimit'
  return status >= 400 && status < 500 ? 'Other' : 'ServerError'
}

for (const fault of FAULTS)
  for (const stream of [false, true]) {
    if (fault.only !== undefined && (fault.only === 'stream') !== stream) continue
    describe(fault.name, () => {
      test(`${stream ? 'streamed' : 'whole'}: straight and through the gateway alike`, async () => {
        const url = await urlOf(fault.place, sick)
        const step = stream ? (fault.stream ?? fault.step) : fault.step
        const script = (): void => {
          if (step) sick.script({ ...step, method: 'POST' })
        }
        const at: House = await house([{ id: 'sick', url }])
        const straight = client({ baseUrl: url, insecureTls: false }, 300)
        const through = client({ provider: 'trunkline', baseUrl: at.server.url }, 5_000)
        try {
          script()
          const direct = await end(straight, stream)
          script()
          const gated = await end(through, stream)
          const expected = wanted(fault, stream)
          expect({ direct: direct.class, gated: gated.class }).toEqual({ direct: expected, gated: expected })
          if (expected === undefined) expect(direct.text).toBe(gated.text)
          // Where the upstream did say a status, both know it.
          else if (fault.step?.status !== undefined) expect(direct.status).toBe(gated.status)
          if (fault.place !== undefined) expect(direct.status).toBe(0)
        } finally {
          await Promise.all([straight.close(), through.close()])
          await at.close()
        }
      })
    })
  }
