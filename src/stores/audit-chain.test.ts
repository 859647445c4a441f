import { expect, test } from 'vitest'
import type { AuditLine } from '../core/ports.ts'
import { FIRST, chained, verify } from './audit-chain.ts'

function chain(count: number): AuditLine[] {
  const lines: AuditLine[] = []
  for (let index = 0; index < count; index++)
    lines.push(
      chained(lines.at(-1), { actor: 'admin', from: '127.0.0.1', action: 'add', target: `e${index}` }, index),
    )
  return lines
}

test('a chain verifies, an empty one too', () => {
  expect(verify(chain(5))).toEqual({ ok: true, lines: 5 })
  expect(verify([])).toEqual({ ok: true, lines: 0 })
  expect(chain(1)[0]?.previous).toBe(FIRST)
})

test('a changed, a dropped and a moved line are found', () => {
  const changed = chain(5).map((line) => (line.seq === 3 ? { ...line, target: 'other' } : line))
  expect(verify(changed)).toMatchObject({ ok: false, brokenAt: 3 })
  const dropped = chain(5).filter((line) => line.seq !== 3)
  expect(verify(dropped)).toMatchObject({ ok: false, brokenAt: 4 })
  const [one, two, ...rest] = chain(5) as [AuditLine, AuditLine, ...AuditLine[]]
  expect(verify([two, one, ...rest])).toMatchObject({ ok: false, brokenAt: 2 })
})
