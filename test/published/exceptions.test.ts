// An exception is one that the vendor's own recorded answer makes as well, or says what else contradicts the description.

import { expect, test } from 'vitest'
import { loadCases, recordedRoot, recordingsPresent } from '../recorded/cases.ts'
import { broken, specsPresent, withoutPlace } from './answers.ts'
import { EXCEPTIONS } from './exceptions.ts'

const present = recordingsPresent && specsPresent
if (!present) console.log(`exceptions: skipped, no recordings at ${recordedRoot} or no descriptions`)

const shown = Object.entries(EXCEPTIONS).flatMap(([line, { shownBy }]) =>
  shownBy ? [{ line, shownBy }] : [],
)
const cases = present ? loadCases() : []

test.skipIf(!present).each(shown)('$line', ({ line, shownBy }) => {
  const recorded = cases.find(({ name }) => name === shownBy)
  if (!recorded) throw new Error(`no recording ${shownBy}`)
  const { wire, streamed, bytes } = recorded
  expect(broken(wire.dialect.id, streamed, bytes).map(withoutPlace)).toContain(line)
})
