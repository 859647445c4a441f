// The log's way out of the process, as operators meet it: a file, a pipe that is read, and one that nobody reads.

import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const MODULE = JSON.stringify(new URL('../../src/cli/log-lines.ts', import.meta.url).href)
/** Writes numbered lines of 1 KB to its standard error and ends. */
const program = (lines: number): string => `
  const { logLines } = await import(${MODULE})
  const lines = logLines(2)
  for (let n = 0; n < ${lines}; n++) lines.write(JSON.stringify({ n, filler: 'x'.repeat(1000) }) + '\\n')
  setTimeout(() => process.exit(0), 200)
`
const run = (lines: number, stderr: 'pipe' | number) =>
  spawn(process.execPath, ['--input-type=module', '-e', program(lines)], {
    stdio: ['ignore', 'ignore', stderr],
  })

test('every line arrives once and in order, through a pipe and in a file', async () => {
  const child = run(2_000, 'pipe')
  let said = ''
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString()
  })
  await new Promise((resolve) => child.once('close', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-log-'))
  const path = join(folder, 'log')
  const file = openSync(path, 'a')
  const other = run(2_000, file)
  await new Promise((resolve) => other.once('close', resolve))
  closeSync(file)
  const numbers = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { n: number }).n)
  const wanted = Array.from({ length: 2_000 }, (_, n) => n)
  expect(numbers(said)).toEqual(wanted)
  expect(numbers(readFileSync(path, 'utf8'))).toEqual(wanted)
  rmSync(folder, { recursive: true })
})

test('bug: a reader that never reads does not keep the process from ending', async () => {
  const child = run(20_000, 'pipe')
  const started = performance.now()
  await new Promise((resolve) => child.once('exit', resolve))
  expect(performance.now() - started).toBeLessThan(8_000)
  child.stderr?.destroy()
})
