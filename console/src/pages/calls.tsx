// Calls as they happen: the latest ones, then a live tail. Contents never appear; what was decided does.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useEffect, useState } from 'react'
import { type CallRow, get } from '../api.ts'
import { clock, count, ms } from '../parts/format.ts'
import { Button, Card, Empty, Failure, Loading, Page, State, Table, Tag } from '../parts/ui.tsx'

/** Rows kept on the page. */
const KEPT = 500

export function CallsPage(): ReactNode {
  const [filter, setFilter] = useState('')
  const [failed, setFailed] = useState(false)
  const [live, setLive] = useState(true)
  const [connected, setConnected] = useState(false)
  const queries = useQueryClient()
  const go = useNavigate()
  const list = useQuery({
    queryKey: ['calls'],
    queryFn: async () => (await get<{ data: CallRow[] }>('/api/v1/calls?limit=200')).data,
    refetchInterval: live ? 5_000 : false,
  })
  useEffect(() => {
    if (!live) return undefined
    const tail = new EventSource('/api/v1/calls/stream')
    tail.addEventListener('open', () => setConnected(true))
    tail.addEventListener('error', () => setConnected(false))
    tail.addEventListener('call', (event) => {
      const row = JSON.parse((event as MessageEvent<string>).data) as CallRow
      queries.setQueryData<CallRow[]>(['calls'], (before = []) =>
        [row, ...before.filter((other) => other.id !== row.id)].slice(0, KEPT),
      )
    })
    return () => tail.close()
  }, [live, queries])
  const wanted = filter.toLowerCase()
  const rows = (list.data ?? []).filter(
    (row) =>
      (!failed || row.error !== null) &&
      [row.id, row.model, row.endpoint, row.error?.kind, String(row.status)].some((text) =>
        text?.toLowerCase().includes(wanted),
      ),
  )
  return (
    <Page
      title="Calls"
      about="The latest thousand. Messages and answers are never kept."
      actions={
        <>
          <State tone={live && connected ? 'good' : 'soft'}>
            {live ? (connected ? 'live' : 'connecting') : 'paused'}
          </State>
          <Button onClick={() => setLive(!live)}>{live ? 'Pause' : 'Resume'}</Button>
        </>
      }
    >
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <Card
          flush
          title={`${count(rows.length)} shown`}
          actions={
            <div className="flex flex-wrap items-center gap-3">
              <label className="flex items-center gap-1.5">
                <input
                  type="checkbox"
                  checked={failed}
                  onChange={(event) => setFailed(event.target.checked)}
                />
                failed only
              </label>
              <input
                className="field w-44"
                type="search"
                placeholder="Filter"
                aria-label="Filter calls"
                value={filter}
                onChange={(event) => setFilter(event.target.value)}
              />
            </div>
          }
        >
          {rows.length === 0 ? (
            <Empty title={list.data.length === 0 ? 'No call yet' : 'No call fits'}>
              {list.data.length === 0 && 'Send one from the playground, or point a client here.'}
            </Empty>
          ) : (
            <Table
              label="Calls"
              rows={rows}
              id={(row) => row.id}
              onOpen={(row) => void go({ to: '/calls/$id', params: { id: row.id } })}
              columns={[
                {
                  title: 'Time',
                  cell: (row) => (
                    <button type="button" className="tabular-nums hover:underline">
                      {clock(row.at)}
                    </button>
                  ),
                },
                {
                  title: 'Status',
                  cell: (row) =>
                    row.state === 'under_way' ? (
                      <State tone="accent">under way</State>
                    ) : (
                      <State tone={row.error === null ? 'good' : (row.status ?? 0) < 500 ? 'warn' : 'bad'}>
                        {row.status ?? '-'}
                      </State>
                    ),
                },
                {
                  title: 'Model',
                  cell: (row) => (
                    <>
                      <span className="font-mono break-all">{row.model ?? '-'}</span>
                      {row.error !== null && <div className="text-xs text-bad">{row.error.kind}</div>}
                    </>
                  ),
                },
                {
                  title: 'Endpoint',
                  wide: true,
                  cell: (row) => (
                    <>
                      {row.endpoint ?? '-'}{' '}
                      {row.attempts > 1 && <Tag tone="warn">{row.attempts} attempts</Tag>}{' '}
                      {row.fallback !== null && <Tag tone="warn">{row.fallback}</Tag>}
                    </>
                  ),
                },
                { title: 'First byte', wide: true, right: true, cell: (row) => ms(row.first_byte_ms) },
                { title: 'Whole', right: true, cell: (row) => ms(row.ms) },
                {
                  title: 'Tokens',
                  wide: true,
                  right: true,
                  cell: (row) => `${count(row.input)} / ${count(row.output)}`,
                },
              ]}
            />
          )}
        </Card>
      )}
    </Page>
  )
}
