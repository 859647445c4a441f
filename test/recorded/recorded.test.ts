// Every recorded exchange, relayed and translated: `npm run recorded` in the test suite, with fewer cuts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCases, recordedRoot, recordingsPresent } from './cases.ts'
import { loadPlainCases } from './plain.ts'
import { type Bench, startBench } from './run.ts'

if (!recordingsPresent) console.log(`recorded: skipped, no recordings at ${recordedRoot}`)

describe.skipIf(!recordingsPresent)('recorded', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await startBench('some')
  })
  afterAll(() => bench.close())

  test.each(recordingsPresent ? loadCases() : [])('$name', async (recorded) => {
    const results = await bench.check(recorded)
    expect(results.filter((result) => result.problems.length > 0)).toEqual([])
    expect(results.length).toBeGreaterThan(0)
  })

  test.each(recordingsPresent ? loadPlainCases() : [])('$name', async (recorded) => {
    expect((await bench.plain(recorded)).problems).toEqual([])
  })
})
