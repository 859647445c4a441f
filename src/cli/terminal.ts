// How the command line talks: colours only on a terminal that wants them, tables, one line of progress for whatever
// takes longer than a second, and one JSON value where `--json` asks for it.

import colors from 'picocolors'

const tty = process.stdout.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb'

export const paint = colors.createColors(tty)

export function say(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** Troubles and progress go beside the result, which may be piped. */
export function complain(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function sayJson(value: unknown): void {
  say(JSON.stringify(value, null, 2))
}

/** Columns as wide as their widest cell; the last one is never padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
  return [paint.dim(line(head)), ...rows.map(line)].join('\n')
}

const PROGRESS_AFTER_MS = 1_000
const FRAMES = ['|', '/', '-', '\\']

/** Runs something; on a terminal, and once it takes longer than a second, a line says what is going on. */
export async function withProgress<T>(
  what: string,
  run: (tell: (now: string) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return run(() => {})
  const started = performance.now()
  let now = what
  let turn = 0
  const timer = setInterval(() => {
    const ms = performance.now() - started
    if (ms < PROGRESS_AFTER_MS) return
    process.stderr.write(`\r\u001b[K${FRAMES[turn++ % FRAMES.length]} ${now} ${Math.round(ms / 1_000)} s`)
  }, 100)
  try {
    return await run((text) => {
      now = text
    })
  } finally {
    clearInterval(timer)
    if (performance.now() - started >= PROGRESS_AFTER_MS) process.stderr.write('\r\u001b[K')
  }
}

/** Ends a command that cannot do its work: one line, exit code 1. */
export function failed(thrown: unknown): void {
  complain(`${paint.red('error')}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  process.exitCode = 1
}
