// Responses kept in the data directory, as an operator runs it: they outlive the process, and every process on the
// directory finds them; only the key that made one does.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { type Gateway, type Reply, at, testDir, up } from '../acceptance/kit.ts'

let fake: Fake

beforeAll(async () => {
  fake = await startFake({ kind: 'openai', models: ['m'] })
})
afterAll(() => fake.close())

/** Without a master key every key is another caller. */
async function serving(dir: string, args: string[] = []): Promise<Gateway> {
  return up({
    dir,
    args,
    env: { LITELLM_MASTER_KEY: undefined },
    yaml: `endpoints:
  chat: { provider: openai-compatible, base_url: "${fake.url}/v1", auth_type: none, models: [m], probe: off }
`,
  })
}

const say = (gateway: Gateway, key: string, input: string, previous?: unknown): Promise<Reply> =>
  gateway.post(
    '/v1/responses',
    { model: 'm', input, ...(previous === undefined ? {} : { previous_response_id: previous }) },
    { key },
  )

const heard = (): unknown => at(fake.log.at(-1)?.body, 'messages')

test('a response outlives its process, and stays its caller’s alone', async () => {
  const dir = testDir()
  const first = await serving(dir)
  expect(existsSync(join(dir, '.trunkline'))).toBe(false)
  fake.script({ json: answer('one') })
  const one = await say(first, 'a', 'first')
  expect(one.status, one.text).toBe(200)
  process.kill(first.pid, 'SIGTERM')
  expect(await first.ended).toBe(0)

  const second = await serving(dir)
  expect((await second.get(`/v1/responses/${String(one.at('id'))}`, { key: 'a' })).json).toEqual(one.json)
  fake.script({ json: answer('two') })
  const two = await say(second, 'a', 'second', one.at('id'))
  expect(two.status, two.text).toBe(200)
  expect(heard()).toEqual([
    { role: 'user', content: 'first' },
    { role: 'assistant', content: 'one' },
    { role: 'user', content: 'second' },
  ])

  const asked = fake.log.length
  const foreign = await say(second, 'b', 'third', two.at('id'))
  expect([foreign.status, foreign.at('error.code')]).toEqual([400, 'previous_response_not_found'])
  expect((await second.get(`/v1/responses/${String(one.at('id'))}`, { key: 'b' })).status).toBe(404)
  expect(fake.log.length).toBe(asked)
  await second.close()
})

test('two processes on one directory find each other’s responses, and miss the deleted ones', async () => {
  const dir = testDir()
  const [first, second] = [await serving(dir), await serving(dir)]
  let previous: unknown
  const said: unknown[] = []
  for (let turn = 0; turn < 6; turn++) {
    fake.script({ json: answer(`answer ${turn}`) })
    const reply = await say(turn % 2 === 0 ? first : second, 'a', `turn ${turn}`, previous)
    expect(reply.status, reply.text).toBe(200)
    said.push({ role: 'user', content: `turn ${turn}` })
    expect(heard()).toEqual(said)
    said.push({ role: 'assistant', content: `answer ${turn}` })
    previous = reply.at('id')
  }
  const gone = await fetch(`${first.url}/v1/responses/${String(previous)}`, {
    method: 'DELETE',
    headers: { authorization: 'Bearer a' },
  })
  expect(gone.status).toBe(200)
  expect((await second.get(`/v1/responses/${String(previous)}`, { key: 'a' })).status).toBe(404)
  await first.close()
  await second.close()
})

test('several workers on one port share what is kept', async () => {
  const gateway = await serving(testDir(), ['--workers', '2'])
  fake.script({ json: answer('one') })
  const one = await say(gateway, 'a', 'first')
  expect(one.status, one.text).toBe(200)
  // Each on a connection of its own: they are dealt out in turn.
  const found = await Promise.all(
    Array.from({ length: 8 }, () =>
      gateway.get(`/v1/responses/${String(one.at('id'))}`, { key: 'a', headers: { connection: 'close' } }),
    ),
  )
  expect(found.map(({ status }) => status)).toEqual(found.map(() => 200))
  await gateway.close()
})

function answer(text: string): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  }
}
