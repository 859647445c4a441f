// The fault matrix: each fault, whole and streamed, relayed and translated, alone and with a second deployment. What
// the caller sees, how often the upstream was asked, the breaker, the log line, and what is left behind (nothing).

import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fake, type Step, startFake } from '../../src/testing/fake-upstream.ts'
import { until } from '../acceptance/kit.ts'
import { closePlaces, urlOf } from './places.ts'
import { FAULTS, type Fault, PIECES } from './faults.ts'
import { ERRORS, type ErrorKind } from '../../src/core/error.ts'
import {
  type EndpointDraft,
  type Face,
  type Heard,
  type House,
  ask,
  bodyOf,
  errorIn,
  house,
} from './house.ts'

let sick: Fake
let well: Fake

beforeAll(async () => {
  sick = await startFake({ models: ['m'] })
  well = await startFake({ models: ['m'] })
})
afterAll(async () => {
  closePlaces()
  await sick.close()
  await well.close()
})

const sickOne = ({ timeouts }: Fault, url: string): EndpointDraft => ({
  id: 'sick',
  url,
  ...(timeouts ? { timeouts } : {}),
})

interface Expected {
  status: number
  kind: string
  inBand: boolean
  passes: boolean
  moves: boolean
}

function expected(fault: Fault, face: Face, stream: boolean): Expected {
  const row = face === 'messages' ? { ...fault, ...fault.translated } : fault
  const { streamed } = row
  if (!stream || streamed === undefined)
    return { status: row.status, kind: row.kind, inBand: false, passes: false, moves: row.moves }
  if (streamed === 'passes') return { status: 200, kind: '', inBand: false, passes: true, moves: false }
  if (streamed === 'in-band') {
    // A reset or a limit inside a stream has a name of its own.
    const kind = row.kind === 'bad_upstream_response' && fault.step ? 'stream_interrupted' : row.kind
    return { status: 200, kind, inBand: true, passes: false, moves: false }
  }
  return { status: streamed.status, kind: streamed.kind, inBand: false, passes: false, moves: row.moves }
}

/** The caller got a well-formed beginning, an error in its own dialect, and no invented end. */
function honest(heard: Heard, face: Face): void {
  expect(heard.broken, 'the stream is closed in good order').toBe(false)
  const events = heard.text.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'))
  for (const event of events) {
    const data = event.split('\n').find((line) => line.startsWith('data: ')) as string
    expect(() => data === 'data: [DONE]' || JSON.parse(data.slice(6))).not.toThrow()
  }
  expect(errorIn(heard)?.message).toMatch(/./)
  expect(heard.text).toContain('po')
  expect(heard.text).not.toMatch(/"finish_reason"\s*:\s*"|message_stop|"stop_reason"\s*:\s*"/)
  const last = events.at(-1) as string
  if (face === 'messages') expect(last).toMatch(/^event: error\n/)
  else expect(heard.text).toContain('"error"')
}

async function leavesNothing(at: House, calls: number): Promise<void> {
  await until(() => at.timers() === 0, 2_000, 'every timer is cancelled')
  for (const { key, inFlight, breaker } of at.gateway.runtime.vitals.values()) {
    expect(inFlight, `${key} has nothing under way`).toBe(0)
    expect(breaker.trial, `${key} has no trial under way`).toBe(false)
  }
  expect(at.calls).toHaveLength(calls)
}

const rows: string[][] = []
const cell = new Map<string, string>()
const counts = new Map<string, boolean>()

for (const fault of FAULTS)
  describe(fault.name, () => {
    const modes = [false, true].filter(
      (stream) => fault.only === undefined || (fault.only === 'stream') === stream,
    )
    const cases = modes.flatMap((stream) => (['chat', 'messages'] as const).map((face) => ({ face, stream })))

    test.for(cases)('$face, stream $stream: alone', async ({ face, stream }) => {
      const at = await house([sickOne(fault, await urlOf(fault.place, sick))])
      try {
        sick.log.length = 0
        if (!fault.place) sick.script((stream ? fault.stream : undefined) ?? fault.step ?? {})
        const heard = await ask(at, face, bodyOf(face, stream)).heard
        const want = expected(fault, face, stream)
        expect(heard.status, heard.text).toBe(want.status)
        if (want.passes || want.kind === '') {
          expect(errorIn({ ...heard, text: heard.text.replace('{"choices": [oops', '{}') })).toBeUndefined()
          expect(heard.text).toContain(face === 'chat' ? '"finish_reason":"stop"' : 'end_turn')
        } else if (want.inBand) honest(heard, face)
        else {
          expect(heard.headers['content-type']).toContain('application/json')
          expect(errorIn(heard)?.message).toMatch(/./)
          if (face === 'messages') expect(JSON.parse(heard.text)).toMatchObject({ type: 'error' })
          if (fault.name.startsWith('status ')) expect(errorIn(heard)?.message).toContain(`upstream says`)
        }
        if (!fault.place) expect(sick.log).toHaveLength(1)
        await leavesNothing(at, 1)
        expect(at.calls[0]?.error ?? '').toBe(want.kind)
        expect(at.calls[0]?.attempts).toBe(1)
        const counted = at.gateway.runtime.vitals.get('sick/m')?.breaker.failures
        const trips = want.kind !== '' && ERRORS[want.kind as ErrorKind].trips
        expect(counted, 'the breaker counts what says something about health').toBe(trips ? 1 : 0)
        counts.set(fault.name, trips || counts.get(fault.name) === true)
        cell.set(
          `${fault.name} ${stream}`,
          `${want.inBand ? 'in-band error' : want.status} ${want.kind === '' ? 'the answer' : `\`${want.kind}\``}`,
        )
      } finally {
        await at.close()
      }
    })

    test.for(cases)('$face, stream $stream: with a second deployment', async ({ face, stream }) => {
      const at = await house([
        sickOne(fault, await urlOf(fault.place, sick)),
        { id: 'well', url: `${well.url}/v1` },
      ])
      try {
        sick.log.length = 0
        well.log.length = 0
        if (!fault.place) sick.script((stream ? fault.stream : undefined) ?? fault.step ?? {})
        const heard = await ask(at, face, bodyOf(face, stream)).heard
        const want = expected(fault, face, stream)
        if (want.moves) {
          expect(heard.status, heard.text).toBe(200)
          expect(errorIn(heard)).toBeUndefined()
          expect(heard.headers['x-trunkline-endpoint']).toBe('well')
          expect(heard.headers['x-trunkline-attempts']).toBe('2')
          expect(well.log).toHaveLength(1)
        } else {
          expect(heard.status, heard.text).toBe(want.status)
          expect(well.log, 'no second start').toHaveLength(0)
        }
        await leavesNothing(at, 1)
      } finally {
        await at.close()
      }
    })
  })

/** The caller hangs up: in which phase, how the upstream is made to be in it, and what is then let go. */
const PHASES: readonly { name: string; step: Step; when: 'asked' | 'first bytes'; phase: string }[] = [
  { name: 'before the head', step: { delayMs: 60_000 }, when: 'asked', phase: 'connect' },
  {
    name: 'before the first byte',
    step: { sse: PIECES, stallAfterBytes: 0 },
    when: 'asked',
    phase: 'firstByte',
  },
  {
    name: 'inside the stream',
    step: { sse: PIECES, stallAfterBytes: 330 },
    when: 'first bytes',
    phase: 'stream',
  },
]

describe('the caller goes', () => {
  const cases = PHASES.flatMap((row) =>
    (['chat', 'messages'] as const).flatMap((face) =>
      [false, true].map((second) => ({ ...row, face, second })),
    ),
  )
  test.for(cases)('$name, $face, second deployment $second', async ({ step, when, phase, face, second }) => {
    const long = { firstByteMs: 10_000, idleMs: 10_000 }
    const at = await house([
      { id: 'sick', url: `${sick.url}/v1`, timeouts: long },
      ...(second ? [{ id: 'well', url: `${well.url}/v1` }] : []),
    ])
    try {
      sick.log.length = 0
      well.log.length = 0
      sick.script(step)
      const asking = ask(at, face, bodyOf(face, true))
      await until(() => sick.log.length === 1, 2_000, 'the upstream is asked')
      if (when === 'first bytes') await asking.firstBytes
      asking.request.destroy()
      await until(() => sick.log[0]?.closedEarly === true, 2_000, 'the upstream is let go')
      await until(() => at.calls.length === 1, 2_000, 'the call is settled')
      await leavesNothing(at, 1)
      expect(at.calls[0]).toMatchObject({ error: 'caller_gone', attempts: 1, ended_by: 'caller' })
      if (phase !== 'connect') expect(at.calls[0]?.phase).toBe(phase)
      expect(at.gateway.runtime.vitals.get('sick/m')?.breaker.failures, 'it is nobody’s fault').toBe(0)
      expect(well.log, 'nobody else is asked').toHaveLength(0)
    } finally {
      await at.close()
    }
  })
})

const gone = `A caller that hangs up (${PHASES.map(({ name }) => name).join(', ')}; in a queue, a back-off or a race of attempts:
\`test/faults/walk.test.ts\`) closes the upstream connection at once, asks nobody else, and counts for no breaker.`

test('docs/reference/failures.md is what this run showed', () => {
  for (const fault of FAULTS) {
    const whole = cell.get(`${fault.name} false`) ?? '-'
    const streamed = cell.get(`${fault.name} true`) ?? '-'
    const second = fault.moves ? 'serves the call, the 2nd attempt' : 'is not asked'
    rows.push([fault.name, whole, streamed, second, counts.get(fault.name) === true ? 'counts' : '-'])
  }
  const page = `# Failures

Generated by \`test/faults/faults.test.ts\`; do not edit. What a caller sees for each way an upstream can fail, when no
other deployment can serve the call, and what a second deployment of the same route does. Each row is shown whole and
streamed, relayed and translated, alone (one attempt) and with a second deployment; after each, no timer, socket, lease
or half-open trial is left, and the log has one line. *counts*: it is one of the failures in a row that open the
deployment's breaker.

${gone}

| the upstream | a whole call gets | a streamed call gets | a second deployment, before the first event | breaker |
|---|---|---|---|---|
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`
  const file = new URL('../../docs/reference/failures.md', import.meta.url)
  if (process.env.UPDATE_DOCS === '1') writeFileSync(file, page)
  expect(readFileSync(file, 'utf8')).toBe(page)
})
