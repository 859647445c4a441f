// Every example, run as a user runs it: a process of its own, against a scripted upstream or a real gateway process.

import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pathToFileURL } from 'node:url'
import Anthropic from '@anthropic-ai/sdk'
import { expect, onTestFinished, test } from 'vitest'
import { run, testDir, up } from '../acceptance/kit.ts'
import { type Upstream, upstream } from '../acceptance/upstream.ts'
import { installed, startEngine } from './real-engine.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXAMPLES = join(ROOT, 'examples')

/** `trunkline` and its sub-paths are this repository's sources, without a build. */
const RESOLVE = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module'
const entries = { 'trunkline': 'src/index.ts', 'trunkline/client': 'src/client/index.ts', 'trunkline/server': 'src/server/index.ts', 'trunkline/testing': 'src/testing/index.ts' }
registerHooks({
  resolve: (specifier, context, next) =>
    specifier in entries ? { url: new URL(entries[specifier], ${JSON.stringify(pathToFileURL(`${ROOT}/`).href)}).href, shortCircuit: true } : next(specifier, context),
})`)}`

async function example(name: string, env: Record<string, string>, args: string[] = []): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', RESOLVE, join(EXAMPLES, name), ...args],
    {
      cwd: testDir(),
      env: { PATH: process.env.PATH, ...env },
      timeout: 25_000,
    },
  )
  return stdout
}

const say = (content: string) => ({
  json: {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  },
})

const direct = (up: Upstream) => ({ OPENAI_BASE_URL: up.v1, OPENAI_MODEL: 'm' })

test('chat.ts, straight and through a gateway', async () => {
  const m1 = await upstream({ models: ['m'] })
  expect(await example('chat.ts', direct(m1))).toMatch(/openai\/.*tokens.*\(stop\)/s)
  const gateway = await up({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${m1.v1}", auth_type: none, models: [m] }\n`,
  })
  const said = await example('chat.ts', {
    TRUNKLINE_URL: gateway.url,
    TRUNKLINE_API_KEY: gateway.key,
    TRUNKLINE_LLM_MODEL: 'm',
  })
  expect(said).toMatch(/trunkline\/m, \d+ tokens, request req_\w+.*\(stop\)/s)
})

test('tools.ts', async () => {
  const m1 = await upstream({ models: ['m'] })
  const call = (id: string, city: string) => ({
    id,
    type: 'function',
    function: { name: 'temperature', arguments: JSON.stringify({ city }) },
  })
  m1.next(
    {
      json: {
        ...say('').json,
        choices: [
          {
            index: 0,
            finish_reason: 'tool_calls',
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [call('a', 'Oslo'), call('b', 'Lisbon')],
            },
          },
        ],
      },
    },
    say('It is colder in Oslo.'),
  )
  const said = await example('tools.ts', direct(m1))
  expect(said).toBe(
    'temperature({"city":"Oslo"}) = -3\ntemperature({"city":"Lisbon"}) = 17\nIt is colder in Oslo.\n',
  )
  expect(m1.lastChat().at('messages')).toEqual([
    { role: 'user', content: 'Is it colder in Oslo or in Lisbon?' },
    { role: 'assistant', content: null, tool_calls: [call('a', 'Oslo'), call('b', 'Lisbon')] },
    { role: 'tool', tool_call_id: 'a', content: '-3' },
    { role: 'tool', tool_call_id: 'b', content: '17' },
  ])
})

test('structured.ts, with its repair round', async () => {
  const m1 = await upstream({ models: ['m'] })
  m1.next(
    say('{"customer":"ACME","total":"340"}'),
    say('{"customer":"ACME","total":340,"items":["lamp","lamp","desk"]}'),
  )
  expect(await example('structured.ts', direct(m1))).toBe('ACME owes 340 for lamp, lamp, desk\n')
})

test('research.ts cites what it found', async () => {
  const m1 = await upstream({ models: ['m'] })
  m1.fake.script({
    ...say('["How does it take heat from cold air?","What is defrost?"]'),
    method: 'POST',
    match: /chat/,
  })
  m1.fake.script({ ...say('It boils a refrigerant [1] and defrosts [2].'), method: 'POST', match: /chat/ })
  const said = await example('research.ts', direct(m1), [
    'How do heat pumps work in winter?',
    join(EXAMPLES, 'notes'),
  ])
  expect(said).toMatch(
    /^2 sub-questions, [2-4] passages\nIt boils a refrigerant \[1\] and defrosts \[2\]\.\n\n\[1\] \w+\.txt\n\[2\] \w+\.txt\n$/,
  )
  expect(m1.log().filter(({ path }) => path.endsWith('/embeddings'))).toHaveLength(3)
})

test('custom-model.ts', async () => {
  const m1 = await upstream({ models: ['lab-model'] })
  const said = await example('custom-model.ts', { LAB_URL: m1.v1 })
  expect(said).toMatch(/^"HELLO"\nlab lists lab-model\n./)
})

test.for(['langchain.ts', 'vercel-ai.ts', 'hono.ts'])('%s', async (name) => {
  const m1 = await upstream({ models: ['m'] })
  const said = await example(name, { LAB_URL: m1.v1, MODEL: 'm' })
  expect(said.trim()).not.toBe('')
  expect(m1.chats().length).toBe(name === 'hono.ts' ? 1 : 2)
  if (name === 'hono.ts') expect(said).toMatch(/m: 200, \d+ ms, \d+ tokens/)
})

test('balancing.ts', async () => {
  const [one, two] = [await upstream({ models: ['qwen3'] }), await upstream({ models: ['qwen3'] })]
  expect(await example('balancing.ts', { REPLICAS: `${one.v1},${two.v1}` })).toBe(
    'replica1: 3, replica2: 3\n',
  )
})

test('claude-code/: a stream with a tool, as Claude Code asks for it', async () => {
  const m1 = await upstream({ models: ['m'] })
  const gateway = await up({
    yaml: readFileSync(join(EXAMPLES, 'claude-code/trunkline.yaml'), 'utf8'),
    env: { LAB_URL: m1.v1, MODEL: 'm' },
  })
  m1.next({
    json: {
      ...say('').json,
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [
              { id: 'call_1', type: 'function', function: { name: 'Bash', arguments: '{"command":"ls"}' } },
            ],
          },
        },
      ],
    },
  })
  const sdk = new Anthropic({ baseURL: gateway.url, authToken: gateway.key, apiKey: null, maxRetries: 0 })
  const final = await sdk.messages
    .stream({
      model: 'coder',
      max_tokens: 100,
      tools: [
        { name: 'Bash', input_schema: { type: 'object', properties: { command: { type: 'string' } } } },
      ],
      messages: [{ role: 'user', content: 'list the files' }],
    })
    .finalMessage()
  expect(final).toMatchObject({
    stop_reason: 'tool_use',
    content: [{ type: 'tool_use', name: 'Bash', input: { command: 'ls' } }],
  })
})

test.skipIf(!installed)('chat.ts, hono.ts and doctor against a real engine', async () => {
  const engine = await startEngine()
  onTestFinished(() => engine.stop())
  const own = { OPENAI_BASE_URL: `${engine.url}/v1`, OPENAI_MODEL: 'trunkline-tiny' }
  expect(await example('chat.ts', own)).toMatch(/openai\/trunkline-tiny, \d+ tokens.*\((stop|length)\)/s)
  const hono = await example('hono.ts', { LAB_URL: own.OPENAI_BASE_URL, MODEL: own.OPENAI_MODEL })
  expect(hono).toMatch(/trunkline-tiny: 200, \d+ ms, \d+ tokens/)
  const seen = await run(['doctor', own.OPENAI_BASE_URL], { env: { LITELLM_MASTER_KEY: undefined } })
  expect([seen.code, seen.stdout]).toEqual([0, expect.stringMatching(/ok {3}stream \d+ pieces.*all well/s)])
})

test('no example is missing from the README, and none is told that is not there', () => {
  const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8')
  const there = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts') || name === 'claude-code')
  for (const name of there) expect(readme).toContain(`\`${name}${name.endsWith('.ts') ? '' : '/'}\``)
  for (const [, name] of readme.matchAll(/`([\w-]+\.ts)`/g))
    expect(existsSync(join(EXAMPLES, name as string))).toBe(true)
})
