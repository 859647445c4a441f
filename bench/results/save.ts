// Where a bench leaves its results: a JSON file in this folder, with what one must know to judge them. `npm run
// bench:report` makes docs/benchmarks.md of all of them.

import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'

export interface Table {
  title: string
  /** What was done and how to read it. */
  text: string
  head: readonly string[]
  rows: readonly (readonly (string | number)[])[]
  /** What was to be reached, and whether it was. */
  goals?: readonly { goal: string; found: string; met: boolean }[]
}

export interface Results {
  command: string
  date: string
  machine: string
  node: string
  tables: readonly Table[]
}

export function save(name: string, command: string, tables: readonly Table[]): void {
  const results: Results = {
    command,
    date: new Date().toISOString().slice(0, 10),
    machine: `${availableParallelism()} shared cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB`,
    node: process.version,
    tables,
  }
  if (process.argv.includes('--save'))
    writeFileSync(join(import.meta.dirname, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`)
  for (const table of tables) {
    console.log(`\n${table.title}\n`)
    const cells = [table.head, ...table.rows].map((row) => row.map(String))
    const wide = table.head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
    for (const row of cells) console.log(row.map((cell, column) => cell.padEnd(wide[column] ?? 0)).join('  '))
    for (const { goal, found, met } of table.goals ?? [])
      console.log(`goal: ${goal}: ${found} ${met ? 'ok' : 'missed'}`)
  }
}
