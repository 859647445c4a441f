import { expect, test } from 'vitest'
import { readable } from './text-lines.ts'

test('a log line for people: time, level, message, then what it carries', () => {
  const lines = [
    { level: 30, time: 0, msg: 'call', model: 'm-a', status: 200, reason: 'two words', gone: null },
    { level: 50, time: 1, msg: 'fault', err: { stack: 'Error: x\n    at y' } },
  ].map((line) => `${JSON.stringify(line)}\n`)
  expect(readable(`${lines.join('')}not json\n`)).toBe(
    '00:00:00.000 INFO  call model=m-a status=200 reason="two words"\n00:00:00.001 ERROR fault\nError: x\n    at y\nnot json\n',
  )
})
