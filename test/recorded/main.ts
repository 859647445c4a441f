// `npm run recorded`: replays every recorded exchange of the dialects that are here, prints a table per provider and
// API, what failed, and `N passed, N failed`. RECORDED_FIXTURES names another folder of the same layout.

import { type RecordedCase, loadCases, recordingsPresent, recordedRoot } from './cases.ts'
import { WORDLESS, turnsOf } from './conversations.ts'
import { ROWS } from './rows.ts'
import { loadPlainCases } from './plain.ts'
import { type CheckName, type CheckResult, startBench } from './run.ts'
import { faces } from './wires/index.ts'

const CHECKS: readonly CheckName[] = ['relay', 'meter', 'error', 'request', 'cuts', 'plain']
const ANSWERS = faces.map((wire): CheckName => `to ${wire.dialect.id}`)
const TURNS = faces.map((wire): CheckName => `turn of ${wire.dialect.id}`)

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

function note(
  { row, name }: Pick<RecordedCase, 'name'> & { row: { folder: string } },
  results: readonly CheckResult[],
): void {
  const cells = table.get(row.folder) ?? new Map<CheckName, { passed: number; failed: number }>()
  table.set(row.folder, cells)
  for (const { check, problems } of results) {
    const cell = cells.get(check) ?? { passed: 0, failed: 0 }
    cells.set(check, cell)
    if (problems.length === 0) {
      cell.passed++
      passed++
      continue
    }
    cell.failed++
    failed++
    console.log(`FAILED ${name} ${check}`)
    for (const problem of problems.slice(0, 6)) console.log(`  ${problem}`)
  }
}

const cases = loadCases().filter(({ name }) => only === undefined || name.includes(only))
for (const recorded of cases) note(recorded, await bench.check(recorded))
for (const recorded of loadPlainCases())
  if (only === undefined || recorded.name.includes(only)) note(recorded, [await bench.plain(recorded)])
const { turns, left: leftTurns } = turnsOf(cases)
for (const turn of turns) note(turn.next, await bench.checkTurn(turn))
await bench.close()

const wide = Math.max(...[...table.keys()].map((row) => row.length))
/** Rows without any of the columns are left out. */
function print(title: string, columns: readonly CheckName[], label: (check: CheckName) => string): void {
  const width = (column: CheckName): number => Math.max(label(column).length, 7) + 2
  console.log(
    `\n${title.padEnd(wide)}${columns.map((column) => label(column).padStart(width(column))).join('')}`,
  )
  for (const [row, cells] of table) {
    if (!columns.some((column) => cells.has(column))) continue
    const shown = columns.map((column) => {
      const cell = cells.get(column)
      return (cell ? `${cell.passed}/${cell.passed + cell.failed}` : '-').padStart(width(column))
    })
    console.log(`${row.padEnd(wide)}${shown.join('')}`)
  }
}
print('provider/api', CHECKS, (check) => check)
print('answers to a caller of', ANSWERS, (check) => check.slice('to '.length))
print('turns of a caller of', TURNS, (check) => check.slice('turn of '.length))
for (const { folder, left } of ROWS)
  if (left) console.log(`left out of ${folder}: ${left.match.source}: ${left.why}`)
if (leftTurns.length > 0) console.log(`${leftTurns.length} turns left out: ${WORDLESS}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed > 0 ? 1 : 0)
