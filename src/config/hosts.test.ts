import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from './load.ts'

function load(yaml: string): ReturnType<typeof loadConfig> {
  const cwd = mkdtempSync(join(tmpdir(), 'trunkline-hosts-'))
  writeFileSync(join(cwd, 'trunkline.yaml'), yaml)
  return loadConfig({ cwd, env: {} })
}

test('an operator declares a host that no record lists', () => {
  const config = load(`
hosts:
  acme:
    title: Acme
    base_url: https://llm.acme.example/v2
    auth: { header: x-acme-key }
    paths: { embeddings: /embed }
    quirks: { drop: [logit_bias], rename: { seed: random_seed }, maxTokensField: max_tokens, tool_choice: string }
endpoints:
  east: { provider: acme, models: [m] }
`)
  expect(config.problems.filter((problem) => problem.severity === 'error')).toEqual([])
  const [endpoint] = config.endpoints
  expect(endpoint?.baseUrl).toBe('https://llm.acme.example/v2')
  expect(endpoint?.provider).toEqual({
    id: 'acme',
    title: 'Acme',
    env: { key: [] },
    base: 'https://llm.acme.example/v2',
    auth: { type: 'header', name: 'x-acme-key' },
    speaks: [{ dialect: 'openai-chat', path: '/chat/completions' }],
    paths: { embeddings: '/embed' },
    quirks: {
      drop: ['logit_bias'],
      rename: { seed: 'random_seed' },
      maxTokensField: 'max_tokens',
      toolChoice: 'string',
    },
  })
})

test('an endpoint may speak fewer dialects than its provider', () => {
  const config = load('endpoints: { d: { provider: deepseek, dialects: [openai-chat], models: [m] } }')
  expect(config.endpoints[0]?.provider.speaks.map((row) => row.dialect)).toEqual(['openai-chat'])
  expect(() => load('endpoints: { d: { provider: deepseek, dialects: [gemini], models: [m] } }')).toThrow(
    /speaks none of these/,
  )
})
