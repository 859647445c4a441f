// Every recorded Chat request decodes and encodes back to itself.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type JsonObject, asString } from '../../core/json.ts'
import { openaiChat } from './index.ts'

const ROOT =
  process.env.RECORDED_FIXTURES ?? join(import.meta.dirname, '../../../../shared/fixtures/recorded')
const PROVIDERS = ['openai', 'azure', 'groq', 'openrouter', 'deepseek', 'llamacpp', 'local-openai-compatible']
const present = existsSync(ROOT)
if (!present) console.log('recorded Chat requests: skipped, RECORDED_FIXTURES names no folder')

describe.skipIf(!present)('recorded requests', () => {
  const cases = (present ? PROVIDERS : []).flatMap((provider) => {
    const folder = join(ROOT, provider, 'chat-completions')
    if (!existsSync(folder)) return []
    return readdirSync(folder).flatMap((name) => {
      const file = join(folder, name, 'request.json')
      if (!existsSync(file)) return []
      const { body } = JSON.parse(readFileSync(file, 'utf8')) as { body?: JsonObject }
      return body === undefined || !Array.isArray(body.messages) || body.messages.length === 0
        ? []
        : [{ name: `${provider}/${name}`, body }]
    })
  })
  test('there are some', () => expect(cases.length).toBeGreaterThan(100))
  test.each(cases)('$name', ({ body }) => {
    const decoded = openaiChat.request.decode(body)
    const { body: again } = openaiChat.request.encode(decoded, {
      model: asString(body.model) ?? '',
      quirks: {},
      facts: {},
    })
    if (body.model === undefined) delete again.model
    const wanted = structuredClone(body)
    // An empty list is refused upstream, so it is left out, and said.
    if (Array.isArray(wanted.tools) && wanted.tools.length === 0) {
      delete wanted.tools
      delete wanted.tool_choice
      delete wanted.parallel_tool_calls
    }
    expect(again).toEqual(wanted)
  })
})
