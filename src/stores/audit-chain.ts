// The chain of the audit trail: every line holds the hash of the line before it, so that none can be changed, dropped
// or put between without breaking every later one. Pure.

import { createHash } from 'node:crypto'
import type { AuditDraft, AuditLine, AuditVerdict } from '../core/ports.ts'

/** What stands before the first line. */
export const FIRST = '0'.repeat(64)

/** The line after `last`. @param now ms since the Unix epoch. */
export function chained(
  last: Pick<AuditLine, 'seq' | 'hash'> | undefined,
  draft: AuditDraft,
  now: number,
): AuditLine {
  const line = {
    ...draft,
    seq: (last?.seq ?? 0) + 1,
    at: new Date(now).toISOString(),
    previous: last?.hash ?? FIRST,
  }
  return { ...line, hash: hashOf(line) }
}

/** The order of members is part of the hash and must never change. */
function hashOf(line: Omit<AuditLine, 'hash'>): string {
  const said = [
    line.previous,
    line.seq,
    line.at,
    line.actor,
    line.from,
    line.action,
    line.target,
    line.before ?? null,
    line.after ?? null,
  ]
  return createHash('sha256').update(JSON.stringify(said)).digest('hex')
}

/** Walks the whole chain, oldest line first. */
export function verify(lines: Iterable<AuditLine>): AuditVerdict {
  let last: AuditLine | undefined
  let count = 0
  for (const line of lines) {
    count++
    const broken = (reason: string): AuditVerdict => ({ ok: false, lines: count, brokenAt: line.seq, reason })
    if (line.seq !== (last?.seq ?? 0) + 1) return broken(`line ${(last?.seq ?? 0) + 1} is missing`)
    if (line.previous !== (last?.hash ?? FIRST)) return broken('it does not follow the line before it')
    if (line.hash !== hashOf(line)) return broken('its content is not what was written')
    last = line
  }
  return { ok: true, lines: count }
}
