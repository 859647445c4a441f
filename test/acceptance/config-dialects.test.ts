// Document 004, the gateway's side: config/llm.yaml, interpolation, keys, tools and base URLs.

import { describe, expect, test } from 'vitest'
import { list, run, up } from './kit.ts'
import { endpoints, upstream } from './upstream.ts'

const llm = (base: string, apiKey: string, more = '', model = 'local') => `providers:
  local:
    api_key: "${apiKey}"
    base_url: "${base}"
${more}model:
  provider: ${model}
  model: m-a
`

describe('A-088 config/llm.yaml', () => {
  const file = 'config/llm.yaml'

  test('A-088 providers and model work as written', async () => {
    const m1 = await upstream({ models: ['m-a'], key: 'k' })
    const gw = await up({ file, yaml: llm(m1.v1, 'k', '    rate_limit:\n      requests_per_second: 100\n') })
    const named = await gw.chat('m-a')
    expect(named.status, named.text).toBe(200)
    const unnamed = await gw.chat(undefined)
    expect(unnamed.status, unnamed.text).toBe(200)
    expect(m1.lastChat().at('model')).toBe('m-a')
    expect(m1.lastChat().headers.authorization).toBe('Bearer k')
  })

  test('A-088 an unknown provider is an error that lists the names', async () => {
    const { code, output } = await run(['serve'], {
      files: { [file]: llm('http://127.0.0.1:9/v1', 'k', '', 'lokal') },
    })
    expect(code, output).toBe(1)
    expect(output).toContain('lokal')
    expect(output).toMatch(/\blocal\b/)
  })

  test('A-088 an unknown key is named', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({ file, yaml: llm(m1.v1, 'k', '    base_uri: x\n') })
    const line = await gw.waitForLog(/base_uri/)
    expect(line.raw).toContain('base_url')
  })
})

describe('A-089 interpolation', () => {
  const file = 'config/llm.yaml'
  const cases = [
    ['${X:-}', undefined, undefined],
    ['${X:-}', '', undefined],
    ['${X:-def}', undefined, 'Bearer def'],
    ['${X:-def}', '', 'Bearer def'],
    ['${X:-def}', 'real', 'Bearer real'],
    ['${X-def}', '', undefined],
    ['${X-def}', undefined, 'Bearer def'],
    ['${X}', 'real', 'Bearer real'],
  ] as const
  test.for(cases)('A-089 %s with X=%s', async ([form, X, header]) => {
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({ file, yaml: llm(m1.v1, form), env: { X } })
    const reply = await gw.chat('m-a')
    expect(reply.status, reply.text).toBe(200)
    expect(m1.lastChat().headers.authorization).toBe(header)
  })

  test('A-089 an unset plain variable names itself and the file', async () => {
    const { code, output } = await run(['serve'], {
      files: { [file]: llm('http://127.0.0.1:9/v1', '${NOT_SET_HERE}') },
    })
    expect(code, output).toBe(1)
    expect(output).toContain('NOT_SET_HERE')
    expect(output).toContain('llm.yaml')
  })
})

test('A-090 a key goes out as Bearer', async () => {
  const m1 = await upstream({ models: ['m-a'], key: 'k' })
  const gw = await up({
    yaml: `endpoints:\n  one: { provider: openai-compatible, base_url: "${m1.v1}", api_key: k, models: [m-a] }\n`,
  })
  expect((await gw.chat('m-a')).status).toBe(200)
  expect(m1.lastChat().headers.authorization).toBe('Bearer k')
})

describe('A-091 tools and tool_choice arrive as they were sent', () => {
  const tools = [
    {
      type: 'function',
      function: {
        name: 'weather',
        description: 'The weather',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string', enum: ['Bern', 'Zürich'] }, days: { type: 'integer' } },
          required: ['city'],
          additionalProperties: false,
        },
        strict: true,
      },
    },
    { type: 'function', function: { name: 'now', parameters: {} } },
  ]
  test.for(['auto', 'required', 'none', { type: 'function', function: { name: 'weather' } }])(
    'A-091 tool_choice %j',
    async (choice) => {
      const m1 = await upstream({ models: ['m-a'] })
      const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
      const reply = await gw.chat('m-a', { tools, tool_choice: choice, parallel_tool_calls: false })
      expect(reply.status, reply.text).toBe(200)
      expect(m1.lastChat().at('tools')).toEqual(tools)
      expect(m1.lastChat().at('tool_choice')).toEqual(choice)
      expect(m1.lastChat().at('parallel_tool_calls')).toBe(false)
    },
  )
})

test('A-093 an upstream 400 comes back as it is, after one call', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const body = { error: { message: 'tools unsupported' } }
  m1.next({ status: 400, json: body })
  const reply = await gw.chat('m-a', { tools: [{ type: 'function', function: { name: 'f' } }] })
  expect(reply.status).toBe(400)
  expect(reply.json).toEqual(body)
  expect(reply.headers.get('x-trunkline-upstream-status')).toBe('400')
  expect(m1.chats()).toHaveLength(1)
})

describe('A-099 forms of the base URL', () => {
  test.for(['/v1', '/v1/', '/v1//', '/v1/chat/completions'])('A-099 %s', async (form) => {
    const m1 = await upstream({ models: ['m-a'] })
    const gw = await up({ yaml: endpoints({ one: [m1.root + form, 'm-a'] }) })
    const reply = await gw.chat('m-a')
    expect(reply.status, reply.text).toBe(200)
    expect(m1.lastChat().path).toBe('/v1/chat/completions')
  })
})

test('A-102 the gateway refuses empty messages itself', async () => {
  const m1 = await upstream({ models: ['m-a'] })
  const gw = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
  const reply = await gw.chat('m-a', { messages: [] })
  expect([reply.status, reply.at('error.code'), reply.at('error.param')]).toEqual([
    400,
    'invalid_request',
    'messages',
  ])
  expect(list(m1.chats())).toEqual([])
})
