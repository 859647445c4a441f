import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Config, ConfigError, formatProblem } from '../config.ts'
import { loadConfig } from '../load.ts'

const ENDPOINTS = `endpoints:
  a: { base_url: http://127.0.0.1:1/v1, models: [m] }
  b: { base_url: http://127.0.0.1:2/v1, models: [m] }
`

function load(yaml: string): { config?: Config; said: string[] } {
  const dir = mkdtempSync(join(tmpdir(), 'trunkline-routes-'))
  try {
    writeFileSync(join(dir, 'trunkline.yaml'), yaml)
    const config = loadConfig({ cwd: dir, env: {} })
    return { config, said: config.problems.map(formatProblem) }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    return { said: thrown.problems.map(formatProblem) }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
const routed = (lines: string) => load(`${ENDPOINTS}routes:\n  r:\n    targets: [a/m, b/m]\n${lines}\n`)

test('camelCase and snake_case say the same, in rules too', () => {
  const camel = load(`${ENDPOINTS}routes:
  r:
    targets: [{ to: a/m, when: { minTokens: 5 } }, b/m]
    deadlineMs: 100
    minTokensPerSecond: 2
    hedge: { minDelayMs: 7 }
    limits: { requestsPerSecond: 3, queueWaitMs: 9 }
`)
  expect(camel.said).toEqual([])
  expect(camel.config?.routes[0]).toMatchObject({
    targets: [{ when: { minTokens: 5 } }, {}],
    deadlineMs: 100,
    minTokensPerSecond: 2,
    hedge: { share: 0.05, minDelayMs: 7 },
    limits: { requestsPerSecond: 3, queueWaitMs: 9 },
  })
})

describe('a mistake is named with its place and a remedy', () => {
  test.for([
    [
      '    stratgy: fastest',
      'trunkline.yaml:7:5: warning: unknown key "routes.r.stratgy"; did you mean "strategy"?',
    ],
    [
      '    hedge: { shar: 0.1 }',
      'trunkline.yaml:7:14: warning: unknown key "routes.r.hedge.shar"; did you mean "share"?',
    ],
    [
      '    fallback: { timout: [a] }',
      'trunkline.yaml:7:17: warning: unknown key "routes.r.fallback.timout"; did you mean "timeout"?',
    ],
    [
      '    fallback: [nowhere]',
      /^trunkline\.yaml:7:5: error: route "r" falls back to "nowhere", which is no route/,
    ],
    [
      '    shadow: { to: c/m }',
      /^trunkline\.yaml:7:5: error: route "r": its shadow names endpoint "c", which is not configured \(known: a, b\)/,
    ],
    ['    deadline_ms: -1', /^trunkline\.yaml:7:5: error: routes\.r\.deadline_ms: /],
    ['    sticky: allways', /^trunkline\.yaml:7:5: error: routes\.r\.sticky: /],
  ] as const)('%s', ([line, message]) => {
    const { said } = routed(line)
    if (typeof message === 'string') expect(said).toContain(message)
    else expect(said.join('\n')).toMatch(new RegExp(message.source, 'm'))
  })
  test.for([
    [
      '{ text: "/(/" }',
      /^trunkline\.yaml:6:\d+: error: route "r": deployment 1: when\.text: Invalid regular expression/,
    ],
    ['{ time: { from: "7pm" } }', /deployment 1: when\.time\.from: "7pm" is no time of day/],
    [
      '{ heder: { a: b } }',
      /warning: unknown key "routes\.r\.targets\.0\.when\.heder"; did you mean "header"\?/,
    ],
  ] as const)('when: %s', ([when, message]) => {
    const { said } = load(`${ENDPOINTS}routes:\n  r:\n    targets: [{ to: a/m, when: ${when} }]\n`)
    expect(said.join('\n')).toMatch(new RegExp(message.source, 'm'))
  })
})

test('LiteLLM’s three fallback lists are causes', () => {
  const { config } = load(`model_list:
  - { model_name: a, litellm_params: { model: openai/a, api_base: "http://127.0.0.1:1/v1" } }
  - { model_name: b, litellm_params: { model: openai/b, api_base: "http://127.0.0.1:2/v1" } }
  - { model_name: c, litellm_params: { model: openai/c, api_base: "http://127.0.0.1:3/v1" } }
litellm_settings:
  fallbacks: [{ a: [b] }]
  context_window_fallbacks: [{ a: [c] }]
  content_policy_fallbacks: [{ a: [b, c] }]
`)
  expect(config?.routes.find(({ name }) => name === 'a')?.fallback).toEqual({
    unavailable: ['b'],
    rate_limited: ['b'],
    context_too_long: ['b', 'c'],
    content_refused: ['b', 'c'],
    timeout: ['b'],
  })
})
