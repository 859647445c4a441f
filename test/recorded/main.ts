// `npm run recorded`: replays every recorded exchange of the dialects that are here, prints a table per provider and
// API, what failed, and `N passed, N failed`. RECORDED_FIXTURES names another folder of the same layout.

import { loadCases, recordingsPresent, recordedRoot } from './cases.ts'
import { ROWS } from './rows.ts'
import { loadPlainCases } from './plain.ts'
import { type CheckName, startBench } from './run.ts'
import { faces } from './wires/index.ts'

const COLUMNS: readonly CheckName[] = [
  'relay',
  'meter',
  'error',
  'request',
  'cuts',
  'plain',
  ...faces.map((wire): CheckName => `to ${wire.dialect.id}`),
]

if (!recordingsPresent) {
  console.log(`skipped: no recordings at ${recordedRoot} (set RECORDED_FIXTURES)`)
  console.log('0 passed, 0 failed')
  process.exit(0)
}

const only = process.argv[2]
const bench = await startBench('all')
const table = new Map<string, Map<CheckName, { passed: number; failed: number }>>()
let passed = 0
let failed = 0
for (const recorded of [...loadCases(), ...loadPlainCases()]) {
  if (only !== undefined && !recorded.name.includes(only)) continue
  const row = table.get(recorded.row.folder) ?? new Map<CheckName, { passed: number; failed: number }>()
  table.set(recorded.row.folder, row)
  const results = 'wire' in recorded ? await bench.check(recorded) : [await bench.plain(recorded)]
  for (const { check, problems } of results) {
    const cell = row.get(check) ?? { passed: 0, failed: 0 }
    row.set(check, cell)
    if (problems.length === 0) {
      cell.passed++
      passed++
    } else {
      cell.failed++
      failed++
      console.log(`FAILED ${recorded.name} ${check}`)
      for (const problem of problems.slice(0, 6)) console.log(`  ${problem}`)
    }
  }
}
await bench.close()

const wide = Math.max(...[...table.keys()].map((row) => row.length))
console.log(
  `\n${'provider/api'.padEnd(wide)}  ${COLUMNS.map((column) => `  ${column.padStart(7)}`).join('')}`,
)
for (const [row, cells] of table)
  console.log(
    `${row.padEnd(wide)}  ${COLUMNS.map((column) => {
      const cell = cells.get(column)
      return (cell ? `${cell.passed}/${cell.passed + cell.failed}` : '-').padStart(
        Math.max(column.length, 7) + 2,
      )
    }).join('')}`,
  )
for (const { folder, left } of ROWS)
  if (left) console.log(`left out of ${folder}: ${left.match.source}: ${left.why}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
