import { expect, test } from 'vitest'
import { GatewayError } from '../core/error.ts'
import type { Json } from '../core/json.ts'
import { learned, refusedMembers } from './learned.ts'

const refusal = (message: string, body?: Json, param: string | null = null): GatewayError =>
  new GatewayError('upstream_rejected', message, {
    status: 400,
    upstreamStatus: 400,
    param,
    ...(body === undefined ? {} : { verbatim: { dialect: 'openai-chat', body } }),
  })

test.each<[string, GatewayError, string[]]>([
  ['90. NVIDIA', refusal('Validation: Unsupported parameter(s): `tool_stream`'), ['tool_stream']],
  [
    'OpenAI',
    refusal("Unsupported value: 'temperature' does not support 0.2", undefined, 'temperature'),
    ['temperature'],
  ],
  ['OpenAI, older', refusal('Unrecognized request argument supplied: logit_bias'), ['logit_bias']],
  ['Groq', refusal("property 'logprobs' is unsupported"), ['logprobs']],
  ['Anthropic', refusal('context_management: Extra inputs are not permitted'), ['context_management']],
  ['19. Ollama', refusal('"gemma3:1b" does not support thinking'), ['thinking', 'think']],
  [
    '45, 77. FastAPI, three at once',
    refusal('Extra inputs are not permitted', {
      detail: ['user', 'seed', 'store'].map((name) => ({
        loc: ['body', name],
        msg: 'Extra inputs are not permitted',
        type: 'extra_forbidden',
      })),
    }),
    ['user', 'seed'],
  ],
  ['never what the call is made of', refusal('does not support tools'), []],
  [
    '28. nor a server without a tool parser',
    refusal('"auto" tool choice requires --enable-auto-tool-choice'),
    [],
  ],
  ['a value out of range is the caller’s', refusal('temperature must be <= 2', undefined, 'temperature'), []],
])('%s', (_name, error, names) => {
  expect(refusedMembers(error)).toEqual(names)
})

test('90. learned for that host and model only, for a day', () => {
  let now = 1_000
  const memory = learned({ now: () => now } as never)
  const body = Buffer.from('{"model":"m","messages":[],"tool_stream":true}')
  const error = refusal('Unsupported parameter(s): `tool_stream`')
  expect(memory.from(error, 'nim/glm', body)).toBe(true)
  // The second refusal of the same member teaches nothing: the call is not repeated for ever.
  expect(memory.from(error, 'nim/glm', body)).toBe(false)
  expect(memory.onTop({ drop: ['user'] }, 'nim/glm')).toEqual({ drop: ['user', 'tool_stream'] })
  expect(memory.onTop({}, 'nim/llama')).toEqual({})
  now += 24 * 3_600_000
  expect(memory.onTop({}, 'nim/glm')).toEqual({})
})

test('a member that was not sent is not to blame', () => {
  const memory = learned({ now: () => 0 } as never)
  expect(
    memory.from(refusal("property 'logprobs' is unsupported"), 'a/b', Buffer.from('{"model":"m"}')),
  ).toBe(false)
})

test('the other name of the limit', () => {
  const memory = learned({ now: () => 0 } as never)
  const error = refusal(
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
  )
  expect(memory.from(error, 'a/b', Buffer.from('{"max_tokens":5}'))).toBe(true)
  expect(memory.onTop({}, 'a/b')).toEqual({ drop: [], maxTokensField: 'max_completion_tokens' })
})
