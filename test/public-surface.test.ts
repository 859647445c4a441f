// The public surface: what each entry exports by name, and the types an embedder relies on. `npm run check:types` fails
// when a type here no longer holds; this file fails when a name comes or goes unnoticed.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import * as client from '../src/client/index.ts'
import * as root from '../src/index.ts'

test('trunkline', () => {
  expect(Object.keys(root).toSorted()).toEqual(['ConfigError', 'GatewayError', 'createGateway'])
  expectTypeOf(root.createGateway).returns.toEqualTypeOf<root.Engine>()
  expectTypeOf<root.Engine['fetch']>().toExtend<typeof fetch>()
  expectTypeOf<root.Engine['node']>().parameters.toEqualTypeOf<[IncomingMessage, ServerResponse]>()
  expectTypeOf<root.Engine['close']>().returns.toEqualTypeOf<Promise<void>>()
  expectTypeOf<keyof root.Hooks>().toEqualTypeOf<'onRequest' | 'onAttempt' | 'onEvent' | 'onSettled'>()
})

test('trunkline/client', () => {
  expect(Object.keys(client).toSorted()).toEqual([
    'InvalidAnswer',
    'LlmError',
    'Other',
    'RateLimit',
    'ServerError',
    'complete',
    'createClient',
    'isPrivateIp',
    'listModels',
    'normalizeUrl',
  ])
  const made = client.createClient({ env: {}, config: false })
  const schema = z.object({ city: z.string() })
  // Never run: only its types are looked at.
  const typed = async () => {
    const answer = await made.chat('x', { validate: schema })
    expectTypeOf(answer.value).toEqualTypeOf<{ city: string }>()
    expectTypeOf(answer.text).toBeString()
    expectTypeOf((await made.embed('x')).vectors).toEqualTypeOf<number[][]>()
    for await (const event of made.stream('x'))
      if (event.type === 'tool_call') expectTypeOf(event.call.name).toBeString()
      else if (event.type === 'end') expectTypeOf(event.answer).toEqualTypeOf<client.ChatAnswer>()
  }
  expect(typed).toBeTypeOf('function')
  expectTypeOf<client.RateLimit['retryAfterMs']>().toBeNumber()
  expectTypeOf<client.ServerError>().toExtend<client.LlmError>()
})
