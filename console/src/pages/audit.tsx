// Every change an administrator made: who, what, from where. Values are never in it; the chain of hashes shows that no line
// was taken out or rewritten.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type AuditRow, type AuditVerdict, get } from '../api.ts'
import { Card, Empty, Failure, Loading, Page, State, Table } from '../parts/ui.tsx'

export function AuditPage(): ReactNode {
  const list = useQuery({
    queryKey: ['audit'],
    queryFn: async () => (await get<{ data: AuditRow[] }>('/api/v1/audit')).data,
  })
  const verdict = useQuery({
    queryKey: ['audit-verdict'],
    queryFn: () => get<AuditVerdict>('/api/v1/audit/verify'),
  })
  return (
    <Page
      title="Audit"
      about="Changes made through the admin API, newest first."
      actions={
        verdict.data && (
          <State tone={verdict.data.ok ? 'good' : 'bad'}>
            {verdict.data.ok
              ? `chain of ${verdict.data.lines} lines is whole`
              : `broken at line ${verdict.data.broken_at}: ${verdict.data.reason}`}
          </State>
        )
      }
    >
      {list.isPending && <Loading />}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.data && (
        <Card flush>
          {list.data.length === 0 ? (
            <Empty title="No change yet" />
          ) : (
            <Table
              label="Audit lines"
              rows={list.data}
              id={(row) => String(row.seq)}
              columns={[
                { title: '#', right: true, cell: (row) => row.seq },
                { title: 'When', cell: (row) => new Date(row.at).toLocaleString('en-GB') },
                { title: 'Who', wide: true, cell: (row) => `${row.actor} from ${row.from}` },
                { title: 'What', cell: (row) => <code className="font-mono">{row.action}</code> },
                { title: 'On', cell: (row) => <span className="break-all">{row.target}</span> },
                {
                  title: 'Hash',
                  wide: true,
                  cell: (row) => <code className="font-mono text-xs text-soft">{row.hash.slice(0, 12)}</code>,
                },
              ]}
            />
          )}
        </Card>
      )}
    </Page>
  )
}
