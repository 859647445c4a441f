// `--log-format text`: the same log lines for a person at a terminal. JSON stays the default, for machines.

import { type JsonObject, isObject } from '../core/json.ts'
import type { LogLines } from './log-lines.ts'

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
}

export function textLines(lines: LogLines): LogLines {
  return { ...lines, write: (text) => lines.write(readable(text)) }
}

/** One or several JSON lines as `time LEVEL message name=value ...`; a line that is no JSON passes as it is. */
export function readable(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : oneLine(line)))
    .join('\n')
}

function oneLine(line: string): string {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    return line
  }
  if (!isObject(record)) return line
  const { level, time, msg, err, ...rest } = record
  const at = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : ''
  const word = typeof level === 'number' ? (LEVELS[level] ?? String(level)) : ''
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${shown(value)}`)
  const stack = isObject(err) ? `\n${stackOf(err)}` : ''
  return (
    [at, word, typeof msg === 'string' ? msg : '', ...fields].filter((piece) => piece !== '').join(' ') +
    stack
  )
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value)
}

function stackOf(err: JsonObject): string {
  return typeof err.stack === 'string' ? err.stack : JSON.stringify(err)
}
