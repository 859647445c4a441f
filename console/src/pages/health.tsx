// Health and doctor: who answers, and for who does not, the step that fails and what mends it.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type HealthReport, call, get } from '../api.ts'
import { ago, ms } from '../parts/format.ts'
import { Button, Card, Empty, Failure, Loading, Page, State, Tag, type Tone } from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'

const TONE: Record<HealthReport['endpoints'][number]['health'], Tone> = {
  ok: 'good',
  down: 'bad',
  checking: 'accent',
  unknown: 'soft',
}

export function HealthPage(): ReactNode {
  const report = useQuery({
    queryKey: ['health'],
    queryFn: () => get<HealthReport>('/api/v1/health'),
    refetchInterval: 3_000,
  })
  const check = useChange(() => call<HealthReport>('/api/v1/health/check', { method: 'POST', body: {} }))
  return (
    <Page
      title="Health"
      about="From the last probe and from traffic. Checking asks for the model list and spends no tokens."
      actions={
        <Button look="main" disabled={check.isPending} onClick={() => check.mutate(undefined)}>
          {check.isPending ? 'Checking ...' : 'Check all now'}
        </Button>
      }
    >
      {report.isPending && <Loading />}
      {report.isError && <Failure error={report.error} retry={() => void report.refetch()} />}
      {check.isError && <Failure error={check.error} />}
      {report.data && report.data.endpoints.length === 0 && (
        <Card>
          <Empty title="No endpoint to check" />
        </Card>
      )}
      {report.data?.endpoints.map((row) => (
        <Card key={`${row.id} ${row.source}`}>
          <div className="flex flex-wrap items-baseline justify-between gap-2">
            <span>
              <span className="font-semibold">{row.id}</span> <Tag>{row.source}</Tag>{' '}
              <span className="font-mono text-xs break-all text-soft">{row.url}</span>
            </span>
            <span className="flex items-center gap-3">
              <span className="text-soft">
                {ms(row.latency_ms)}, {ago(row.last_checked_at)}
              </span>
              <State tone={TONE[row.health]}>{row.health}</State>
            </span>
          </div>
          {row.reason !== null && (
            <p className="mt-2 break-words">
              {row.step !== null && <Tag tone="bad">{row.step}</Tag>} {row.reason}
            </p>
          )}
          {row.advice !== null && <p className="mt-1 break-words text-soft">{row.advice}</p>}
          {row.circuit_state !== 'closed' && (
            <p className="mt-1">
              <State tone="warn">breaker {row.circuit_state.replace('_', '-')}</State> after{' '}
              {row.failure_count} failures in a row
            </p>
          )}
        </Card>
      ))}
    </Page>
  )
}
