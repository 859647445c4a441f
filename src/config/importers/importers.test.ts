// Each importer: what it makes is a configuration that loads, and every line of the source has a verdict.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Config } from '../config.ts'
import { loadConfig } from '../load.ts'
import { type Imported, importConfig, importEnv, importedYaml } from './index.ts'

function load(imported: Imported, env: Record<string, string> = {}): Config {
  const cwd = mkdtempSync(join(tmpdir(), 'trunkline-import-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const set = Object.fromEntries(imported.secrets.map(({ variable }) => [variable, `sk-${variable}`]))
  return loadConfig({ cwd, env: { ...set, ...env }, text: importedYaml(imported), strict: true })
}

const judged = (imported: Imported, path: string): string | undefined =>
  imported.verdicts.find((row) => row.path === path)?.judgement

test('LiteLLM: endpoints, replicas, fallbacks, aliases, keys; and what is left over', () => {
  const imported = importConfig(`
model_list:
  - model_name: fast
    litellm_params: { model: openai/gpt-x, api_base: "http://10.0.0.1:8000/v1", api_key: sk-literal, rpm: 10, weight: 3 }
  - model_name: fast
    litellm_params: { model: openai/gpt-x, api_base: "http://10.0.0.2:8000/v1", api_key: os.environ/SECOND, weight: 1 }
  - model_name: claude
    litellm_params: { model: anthropic/claude-x, api_key: os.environ/ANTHROPIC_API_KEY, temperature: 0.2 }
router_settings: { routing_strategy: simple-shuffle, num_retries: 2, fallbacks: [{ fast: [claude] }], model_group_alias: { quick: fast } }
litellm_settings: { drop_params: true, success_callback: [langfuse] }
general_settings: { master_key: sk-1234-real }
`)
  const text = importedYaml(imported)
  expect(text).not.toContain('sk-literal')
  expect(text).not.toContain('sk-1234-real')
  const config = load(imported, { SECOND: 'sk-2', ANTHROPIC_API_KEY: 'sk-3' })
  expect(
    config.endpoints.map(({ provider, baseUrl, maxRetries }) => [provider.id, baseUrl, maxRetries]),
  ).toEqual([
    ['openai-compatible', 'http://10.0.0.1:8000/v1', 2],
    ['openai-compatible', 'http://10.0.0.2:8000/v1', 2],
    ['anthropic', 'https://api.anthropic.com/v1', 2],
  ])
  const fast = config.routes.find(({ name }) => name === 'fast')
  expect([fast?.strategy, fast?.targets.map(({ weight }) => weight), fast?.fallback]).toEqual([
    'weighted',
    [3, 1],
    ['claude'],
  ])
  expect(config.aliases).toEqual({ quick: 'fast' })
  expect(judged(imported, 'model_list.0.litellm_params.api_key')).toBe('approximate')
  expect(judged(imported, 'model_list.1.litellm_params.api_key')).toBe('exact')
  expect(judged(imported, 'model_list.2.litellm_params.temperature')).toBe('not_supported')
  expect(judged(imported, 'litellm_settings.success_callback.0')).toBe('not_supported')
  expect(judged(imported, 'router_settings.routing_strategy')).toBe('exact')
  // Every leaf has one verdict, with its line.
  expect(imported.verdicts).toHaveLength(22)
  expect(imported.verdicts.every(({ line }) => line !== undefined && line > 1)).toBe(true)
})

test('Portkey: targets with weights, a virtual key, a nested group', () => {
  const imported = importConfig(
    JSON.stringify({
      strategy: { mode: 'loadbalance' },
      targets: [
        {
          provider: 'openai',
          api_key: 'sk-o',
          weight: 0.7,
          override_params: { model: 'gpt-x', temperature: 1 },
        },
        { virtual_key: 'groq', weight: 0.3, override_params: { model: 'llama-x' }, retry: { attempts: 3 } },
        {
          strategy: { mode: 'fallback' },
          targets: [
            { provider: 'openai', custom_host: 'http://10.0.0.1/v1', override_params: { model: 'm' } },
          ],
        },
      ],
      cache: { mode: 'semantic' },
    }),
  )
  const config = load(imported)
  const route = config.routes.find(({ name }) => name === 'portkey')
  expect(route?.targets.map(({ endpoint, model, weight }) => [endpoint, model, weight])).toEqual([
    ['openai', 'gpt-x', 0.7],
    ['groq', 'llama-x', 0.3],
    ['openai-2', 'm', 1],
  ])
  expect(config.endpoints.find(({ id }) => id === 'groq')?.maxRetries).toBe(3)
  expect(judged(imported, 'targets.1.virtual_key')).toBe('approximate')
  expect(judged(imported, 'targets.0.override_params.temperature')).toBe('not_supported')
  expect(judged(imported, 'cache.mode')).toBe('not_supported')
})

test('Bifrost: providers, several keys, network settings', () => {
  const imported = importConfig(
    JSON.stringify({
      providers: {
        openai: {
          keys: [
            { value: 'env.OPENAI_API_KEY', models: ['gpt-x'], weight: 0.5 },
            { value: 'sk-second', models: ['gpt-y'], weight: 0.5 },
          ],
          network_config: { default_request_timeout_in_seconds: 30, max_retries: 2 },
          concurrency_and_buffer_size: { concurrency: 3, buffer_size: 10 },
        },
        ollama: {
          keys: [{ value: 'dummy', models: [] }],
          network_config: { base_url: 'http://10.0.0.1:11434' },
        },
      },
      client: { drop_excess_requests: false },
    }),
  )
  const config = load(imported, { OPENAI_API_KEY: 'sk-first' })
  const openai = config.endpoints.find(({ id }) => id === 'openai')
  expect(openai?.models.map(({ name }) => name)).toEqual(['gpt-x', 'gpt-y'])
  expect([openai?.credential?.reveal(), openai?.moreCredentials?.length]).toEqual(['sk-first', 1])
  expect(openai?.timeouts.firstByteMs).toBe(30_000)
  expect(openai?.rateLimit).toMatchObject({ concurrency: 3 })
  expect(config.endpoints.find(({ id }) => id === 'ollama')?.baseUrl).toBe('http://10.0.0.1:11434/v1')
  expect(judged(imported, 'client.drop_excess_requests')).toBe('not_supported')
})

test('LLMProxy: endpoints as they stand, discovery, chains', () => {
  const imported = importConfig(`
server: { host: 0.0.0.0, port: 8090, auth: { enabled: true, api_keys_env: KEYS } }
endpoints:
  openai: { provider: openai, base_url: "https://api.openai.com/v1", api_key_env: OPENAI_API_KEY, models: [gpt-x], rate_limit: { rpm: 3500 } }
  ollama: { provider: ollama, base_url: "http://localhost:11434", auth_type: none, models: [llama] }
discovery: { local_scan: false, peers: ["100.98.112.23"] }
fallback_chains: { gpt-x: [{ provider: ollama, model: llama }] }
plugins: { something: true }
`)
  const config = load(imported, { OPENAI_API_KEY: 'sk', KEYS: 'sk-key' })
  expect(config.server.port).toBe(8090)
  expect(config.discovery).toMatchObject({ localScan: false, peers: ['100.98.112.23'] })
  expect(config.endpoints.find(({ id }) => id === 'openai')?.rateLimit).toMatchObject({ rpm: 3500 })
  expect(config.routes.find(({ name }) => name === 'gpt-x')?.targets.map(({ endpoint }) => endpoint)).toEqual(
    ['openai', 'ollama'],
  )
  expect(judged(imported, 'endpoints.ollama.base_url')).toBe('exact')
  expect(judged(imported, 'plugins.something')).toBe('not_supported')
})

test('an environment: variables stay where they are, and the file refers to them', () => {
  const env = {
    PATH: '/bin',
    OPENAI_BASE_URL: 'http://10.0.0.1/v1',
    OPENAI_MODEL: 'm-a',
    LLM_PROXY_ENDPOINT_VLLM_URL: 'http://10.0.0.2/v1',
    LLM_PROXY_ENDPOINT_VLLM_KEY: 'sk-vllm',
    LLM_PROXY_ENDPOINT_VLLM_MODELS: 'a, b',
    GROQ_API_KEY: 'sk-groq',
    LLM_PROXY_DISCOVERY_PEERS: '10.0.0.9',
    LITELLM_MASTER_KEY: 'sk-master',
  }
  const imported = importEnv(env)
  const text = importedYaml(imported)
  for (const secret of ['sk-vllm', 'sk-groq', 'sk-master']) expect(text).not.toContain(secret)
  const config = load(imported, env)
  expect(config.endpoints.map(({ id, source }) => [id, source])).toEqual([
    ['openai', 'config'],
    ['vllm', 'config'],
    ['groq', 'config'],
  ])
  expect(config.server.masterKey?.reveal()).toBe('sk-master')
  expect(imported.verdicts.map(({ path }) => path)).not.toContain('PATH')
  expect(importConfig('OPENAI_BASE_URL=http://10.0.0.1/v1\nOPENAI_MODEL=x\n').kind).toBe('env')
})

describe('what cannot be imported', () => {
  test.for(['just text', '{ "a": 1 }', '[1, 2'])('%s', (text) => {
    expect(() => importConfig(text)).toThrow()
  })
})
