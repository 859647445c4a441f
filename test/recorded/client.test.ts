// The client library against every recording: straight at the recorded host's dialect, and through a gateway. Both must
// come to the same answer, or to the same class of error.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Client, LlmError, createClient } from '../../src/client/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { provider } from '../../src/providers/index.ts'
import { type Fake, startFake } from '../../src/testing/index.ts'
import { type RecordedCase, loadCases, recordedRoot, recordingsPresent } from './cases.ts'
import { ROWS, type Row, endpointId } from './rows.ts'

if (!recordingsPresent) console.log(`recorded: skipped, no recordings at ${recordedRoot}`)

const idOf = (folder: string): string => endpointId(ROWS.find((row) => row.folder === folder) as Row)

const MEMBERS = ['text', 'reasoning', 'calls', 'input', 'output', 'refused'] as const

/** What the two ways must agree on. A relay passes a host's own habits on as they are; straight, its record is known. */
function comparedFor(folder: string): readonly (typeof MEMBERS)[number][] {
  const row = ROWS.find((one) => one.folder === folder) as Row
  return MEMBERS.filter((member) => {
    // Reasoning between tags inside the text stays where the host put it.
    if (row.hints?.tagged === true && (member === 'text' || member === 'reasoning')) return false
    // Output counts without reasoning stay what the host counted.
    return !(provider(row.provider)?.quirks.outputExcludesReasoning !== undefined && member === 'output')
  })
}

/** Differences that are meant, each with its reason. */
const EXCUSED: ReadonlyMap<string, string> = new Map([
  [
    'openai/responses/vercel-ai--openai-error-1-stream',
    'a rate limit told inside a stream that had begun: the gateway can only repeat it in-band, where no status is left',
  ],
  [
    'openrouter/chat-completions/pydantic-ai--test-openrouter-stream-error',
    'an error told after the finish word: a relay has passed the finished answer on and records it, straight it is the answer’s end',
  ],
])

interface Outcome {
  text?: string
  reasoning?: string
  calls?: { name: string; arguments: unknown }[]
  input?: number | undefined
  output?: number | undefined
  refused?: string
}

describe.skipIf(!recordingsPresent)('the client against the recordings', () => {
  let fake: Fake
  let server: RunningServer
  let folder: string
  let straight: Client
  let through: Client

  beforeAll(async () => {
    fake = await startFake({ kind: 'openai', models: ['m'] })
    folder = mkdtempSync(join(tmpdir(), 'trunkline-recorded-client-'))
    const endpoints = ROWS.map((row) => [
      idOf(row.folder),
      {
        provider: row.provider,
        base_url: `${fake.url}${row.base ?? '/v1'}`,
        api_key: 'k',
        models: ['m'],
        probe: 'off',
        ...row.endpoint,
      },
    ])
    writeFileSync(
      join(folder, 'trunkline.yaml'),
      JSON.stringify({ endpoints: Object.fromEntries(endpoints) }),
    )
    const gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
      log: pino({ level: 'silent' }),
      probe: false,
    })
    server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
    const common = { env: {}, retry: { maxAttempts: 1 }, breaker: false as const, onWarning() {} }
    straight = createClient({ ...common, cwd: folder })
    through = createClient({ ...common, config: false, provider: 'trunkline', baseUrl: server.url })
  })
  afterAll(async () => {
    await Promise.all([straight.close(), through.close()])
    await server.close(100)
    await fake.close()
    rmSync(folder, { recursive: true })
  })

  async function outcome(
    client: Client,
    recorded: RecordedCase,
    options: { provider?: string; model: string },
  ): Promise<Outcome> {
    fake.script({ ...recorded.reply, method: 'POST' })
    try {
      const answer = recorded.streamed
        ? await client.stream('hi', options).final()
        : await client.chat('hi', options)
      return {
        text: answer.text,
        reasoning: answer.reasoning,
        calls: answer.toolCalls.map(({ name, arguments: written, input }) => ({
          name,
          arguments: input ?? written,
        })),
        input: answer.usage?.input,
        output: answer.usage?.output,
      }
    } catch (thrown) {
      if (!(thrown instanceof LlmError)) throw thrown
      return { refused: thrown.name }
    }
  }

  const byRow = Map.groupBy(recordingsPresent ? loadCases() : [], ({ row }) => row.folder)
  test.each([...byRow.keys()])('%s', async (row) => {
    const differing: string[] = []
    const members = comparedFor(row)
    for (const recorded of byRow.get(row) ?? []) {
      const direct = await outcome(straight, recorded, { provider: idOf(row), model: 'm' })
      const gated = await outcome(through, recorded, { model: `${idOf(row)}/m` })
      if (EXCUSED.has(recorded.name)) continue
      for (const member of members) {
        const [a, b] = [JSON.stringify(direct[member]), JSON.stringify(gated[member])]
        if (a !== b) differing.push(`${recorded.name}: ${member}: ${a?.slice(0, 120)} | ${b?.slice(0, 120)}`)
      }
    }
    expect(differing).toEqual([])
  })
})
