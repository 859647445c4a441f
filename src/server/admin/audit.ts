// /api/v1/audit: every change made here, as a chain that cannot be altered unseen.

import type { AuditLine } from '../../core/ports.ts'
import { type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'

const LIMIT = { usual: 100, top: 1_000 }

function auditRow(line: AuditLine) {
  return { ...line, before: line.before ?? null, after: line.after ?? null }
}

export const auditRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/audit',
    id: 'audit_list',
    tag: 'audit',
    summary: 'The audit trail, newest first; hashes of what was there before and after, never a value',
    query: { limit: `at most this many (${LIMIT.usual}, up to ${LIMIT.top})`, before: 'older than this seq' },
    answer: schemas.auditList,
    async handler({ control, query }) {
      const limit = Number(query.get('limit') ?? LIMIT.usual)
      const before = Number(query.get('before') ?? Number.NaN)
      const store = await control.store.existing()
      const lines = await store?.audit(
        Number.isInteger(limit) && limit > 0 ? Math.min(limit, LIMIT.top) : LIMIT.usual,
        Number.isInteger(before) ? before : undefined,
      )
      return { body: { object: 'list', data: (lines ?? []).map(auditRow) } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/audit/verify',
    id: 'audit_verify',
    tag: 'audit',
    summary: 'Walks the whole chain',
    answer: schemas.auditVerdict,
    async handler({ control }) {
      const store = await control.store.existing()
      const verdict = (await store?.verifyAudit()) ?? { ok: true, lines: 0 }
      return {
        body: {
          ok: verdict.ok,
          lines: verdict.lines,
          broken_at: verdict.brokenAt ?? null,
          reason: verdict.reason ?? null,
        },
      }
    },
  }),
]
