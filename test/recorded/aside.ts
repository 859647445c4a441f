// Exchanges beside generation in a dialect of its own: asked for through the gateway, answered by the recording, and
// passed on byte for byte.

import type { Fake } from '../../src/testing/index.ts'
import type { RecordedCase } from './cases.ts'
import { endpointId } from './rows.ts'

export interface Said {
  status: number
  bytes: Buffer
}

type Ask = (path: string, body: object) => Promise<Said>
type Read = (path: string) => Promise<Said>

/** What is wrong with how such an exchange passes; empty: nothing. */
export async function asideChecks(
  recorded: RecordedCase,
  fake: Fake,
  ask: Ask,
  read: Read,
): Promise<string[]> {
  const model = `${endpointId(recorded.row)}/m`
  const path = recorded.path ?? ''
  let answer: Said
  if (recorded.row.aside === 'by id') {
    // Only a response that was made through the gateway is found by its id.
    const id = /\/responses\/([^/?]+)/.exec(path)?.[1] ?? ''
    fake.script({ json: { id, object: 'response', status: 'queued', output: [], model: 'm' } })
    const made = await ask('/v1/responses', { model, input: 'x', background: true })
    if (made.status !== 200) return [`could not be made: ${made.bytes.toString('utf8', 0, 200)}`]
    fake.script(recorded.reply)
    answer = await read(path)
  } else {
    fake.script(recorded.reply)
    const { previous_response_id: _, ...body } = recorded.request ?? {}
    answer = await ask(path, { ...body, model })
  }
  const problems: string[] = []
  if (fake.log.at(-1)?.path !== path) problems.push(`asked ${fake.log.at(-1)?.path} instead of ${path}`)
  if (answer.status !== recorded.status)
    problems.push(`status ${answer.status} instead of ${recorded.status}`)
  if (!answer.bytes.equals(recorded.bytes))
    problems.push(`other bytes: ${answer.bytes.toString('utf8', 0, 120)}`)
  return problems
}
