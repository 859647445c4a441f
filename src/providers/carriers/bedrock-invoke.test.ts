import { expect, test } from 'vitest'
import type { JsonObject } from '../../core/json.ts'
import { carried } from '../carrier.ts'
import { bedrockInvoke } from './bedrock-invoke.ts'

const BASE = { model: 'claude', stream: true, max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }

function sent(more: JsonObject, betas: string[] = []): { body: JsonObject; dropped: string[] } {
  const body: JsonObject = { ...BASE, ...more }
  const frozen = JSON.stringify(body)
  const { changes, notes } = carried(bedrockInvoke, body, betas)
  // The caller's body is read again for the next attempt.
  expect(JSON.stringify(body)).toBe(frozen)
  const after: JsonObject = { ...body, ...changes }
  for (const [name, value] of Object.entries(after)) if (value === undefined) delete after[name]
  const { max_tokens: _, anthropic_version: version, ...rest } = after
  expect(version).toBe('bedrock-2023-05-31')
  return { body: rest, dropped: notes.map((note) => note.field) }
}

test('145 model and stream go, the version comes', () => {
  expect(sent({})).toEqual({ body: { messages: BASE.messages }, dropped: [] })
})

const tool = { name: 't', input_schema: { type: 'object' } }

test.each([
  ['context_management', { context_management: { edits: [] } }, 'context-management-2025-06-27'],
  ['mcp_servers', { mcp_servers: [] }, undefined],
  ['container', { container: 'c' }, undefined],
  ['cache_control', { cache_control: { type: 'ephemeral' } }, undefined],
  ['tools[0].defer_loading', { tools: [{ ...tool, defer_loading: true }] }, 'tool-search-tool-2025-10-19'],
  ['tools[0].eager_input_streaming', { tools: [{ ...tool, eager_input_streaming: true }] }, undefined],
  ['tools[0].input_examples', { tools: [{ ...tool, input_examples: [{}] }] }, 'tool-examples-2025-10-29'],
] as [string, JsonObject, string | undefined][])(
  '146 %s is taken out, unless its beta is there',
  (field, more, beta) => {
    const without = sent(more)
    expect(without.dropped).toEqual([field])
    expect(JSON.stringify(without.body)).not.toContain(field.split('.').at(-1) as string)
    if (beta === undefined) return
    const kept = sent(more, [beta])
    expect(kept.dropped).toEqual([])
    expect(kept.body).toMatchObject({ ...more, anthropic_beta: [beta] })
  },
)

test('146 an unknown beta goes, known ones and those in the body stay', () => {
  const { body, dropped } = sent({ anthropic_beta: ['effort-2025-11-24'] }, [
    'oauth-2025-04-20',
    'interleaved-thinking-2025-05-14',
  ])
  expect(body.anthropic_beta).toEqual(['effort-2025-11-24', 'interleaved-thinking-2025-05-14'])
  expect(dropped).toEqual(['anthropic-beta.oauth-2025-04-20'])
})

test('146 a scope is taken off its breakpoint, the breakpoint stays', () => {
  const mark = { type: 'ephemeral', ttl: '1h', scope: 'global' }
  const { body, dropped } = sent({
    system: [{ type: 'text', text: 'a', cache_control: mark }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'b', cache_control: mark }] }],
    tools: [{ ...tool, cache_control: mark }],
  })
  expect(JSON.stringify(body)).not.toContain('scope')
  expect(JSON.stringify(body).match(/"ttl":"1h"/g)).toHaveLength(3)
  expect(new Set(dropped.map((field) => field.split('.').at(-1)))).toEqual(new Set(['scope']))
})

test('185 the attribution line is left out of the system blocks, and nothing else of them', () => {
  const system = [
    { type: 'text', text: 'x-anthropic-billing-header: cc_version=2' },
    { type: 'text', text: 'You are', cache_control: { type: 'ephemeral' } },
  ]
  expect(sent({ system }).body.system).toEqual(system.slice(1))
})

test('server tools go, old versions become the ones Bedrock knows', () => {
  const { body, dropped } = sent({
    tools: [
      { type: 'web_search_20250305', name: 'web_search' },
      { type: 'bash_20241022', name: 'bash' },
      { type: 'bash_20250124', name: 'bash2' },
    ],
  })
  expect(body.tools).toEqual([
    { type: 'bash_20250124', name: 'bash' },
    { type: 'bash_20250124', name: 'bash2' },
  ])
  expect(dropped).toEqual(['tools[0]'])
})

test('what needs no change is not touched at all', () => {
  const { changes } = carried(bedrockInvoke, { ...BASE, tools: [tool], system: 'be brief' }, [])
  expect(Object.keys(changes).toSorted()).toEqual(['anthropic_version', 'model', 'stream'])
})
