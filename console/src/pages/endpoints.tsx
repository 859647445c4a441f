// Endpoints of all sources: how they are, and what can be done with them.

import { useQuery } from '@tanstack/react-query'
import { Plus, Radar } from 'lucide-react'
import { type ReactNode, useMemo, useState } from 'react'
import { type EndpointRow, type ProbeResult, call, get } from '../api.ts'
import { ago, ms } from '../parts/format.ts'
import { Sparkline } from '../parts/sparkline.tsx'
import {
  Button,
  Card,
  Dialog,
  Empty,
  Failure,
  Loading,
  Page,
  State,
  Table,
  Tag,
  type Tone,
} from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'
import { EndpointForm } from './endpoint-form.tsx'
import { ScanDialog } from './scan.tsx'

const HEALTH: Record<EndpointRow['health'], Tone> = {
  ok: 'good',
  down: 'bad',
  checking: 'accent',
  unknown: 'soft',
}
/** Latencies seen while the page is open, per endpoint. */
const seen = new Map<string, number[]>()

function remember(rows: readonly EndpointRow[]): void {
  for (const row of rows) {
    if (row.latency_ms === null) continue
    const values = seen.get(row.id) ?? []
    if (values.at(-1) !== row.latency_ms) seen.set(row.id, [...values, row.latency_ms].slice(-40))
  }
}

export function EndpointsPage(): ReactNode {
  const [adding, setAdding] = useState(false)
  const [scanning, setScanning] = useState(false)
  const [opened, setOpened] = useState<string>()
  const [filter, setFilter] = useState('')
  const list = useQuery({
    queryKey: ['endpoints'],
    queryFn: async () => {
      const { data } = await get<{ data: EndpointRow[] }>('/api/v1/registry')
      remember(data)
      return data
    },
    refetchInterval: 3_000,
  })
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase()
    return (list.data ?? []).filter((row) =>
      [row.id, row.url, row.provider, row.source, ...row.models].some((text) =>
        text.toLowerCase().includes(wanted),
      ),
    )
  }, [list.data, filter])
  return (
    <Page
      title="Endpoints"
      about="Places that serve models, from the configuration, the environment, this page and discovery."
      actions={
        <>
          <Button onClick={() => setScanning(true)}>
            <Radar size={15} aria-hidden="true" /> Scan
          </Button>
          <Button look="main" data-testid="ep-add-btn" onClick={() => setAdding(true)}>
            <Plus size={15} aria-hidden="true" /> Add endpoint
          </Button>
        </>
      }
    >
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <Card
          flush
          title={`${list.data.length} ${list.data.length === 1 ? 'endpoint' : 'endpoints'}`}
          actions={
            <input
              className="field w-44"
              type="search"
              placeholder="Filter"
              aria-label="Filter endpoints"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
          }
        >
          {list.data.length === 0 ? (
            <Empty title="No endpoint yet">Add one by its address, or scan this machine and its peers.</Empty>
          ) : (
            <Table
              label="Endpoints"
              rows={rows}
              id={(row) => `${row.id} ${row.source}`}
              onOpen={(row) => setOpened(row.id)}
              columns={[
                {
                  title: 'Endpoint',
                  cell: (row) => (
                    <>
                      <button
                        type="button"
                        className="font-semibold break-all underline-offset-2 hover:underline"
                      >
                        {row.id}
                      </button>{' '}
                      <Tag tone={row.source === 'ui' ? 'accent' : 'soft'}>{row.source}</Tag>{' '}
                      {row.shadowed && <Tag tone="warn">shadowed by {row.shadowed_by}</Tag>}
                      <div className="max-w-72 truncate text-xs text-soft">{row.url}</div>
                    </>
                  ),
                },
                {
                  title: 'Health',
                  cell: (row) =>
                    row.enabled ? (
                      <State tone={HEALTH[row.health]}>{row.health}</State>
                    ) : (
                      <State tone="soft">disabled</State>
                    ),
                },
                { title: 'Breaker', wide: true, cell: (row) => <Breaker row={row} /> },
                {
                  title: 'Latency',
                  wide: true,
                  cell: (row) => (
                    <span className="flex items-center gap-2 tabular-nums">
                      {ms(row.latency_ms)}
                      <Sparkline values={seen.get(row.id) ?? []} unit="ms" width={64} height={20} />
                    </span>
                  ),
                },
                {
                  title: 'Models',
                  wide: true,
                  right: true,
                  cell: (row) => (row.wildcard ? 'any' : row.models.length),
                },
                { title: 'Priority', wide: true, right: true, cell: (row) => row.priority },
              ]}
            />
          )}
        </Card>
      )}
      <Dialog open={adding} title="Add an endpoint" onClose={() => setAdding(false)}>
        <EndpointForm onDone={() => setAdding(false)} />
      </Dialog>
      <ScanDialog open={scanning} onClose={() => setScanning(false)} />
      <Dialog open={opened !== undefined} title={opened ?? ''} onClose={() => setOpened(undefined)} wide>
        {opened !== undefined && (
          <EndpointPanel
            row={list.data?.find((row) => row.id === opened)}
            onGone={() => setOpened(undefined)}
          />
        )}
      </Dialog>
    </Page>
  )
}

function Breaker({ row }: { row: EndpointRow }): ReactNode {
  if (row.circuit_state === 'closed')
    return (
      <span className="text-soft">
        closed{row.failure_count > 0 ? ` (${row.failure_count}/${row.failure_threshold})` : ''}
      </span>
    )
  return (
    <State tone={row.circuit_state === 'open' ? 'bad' : 'warn'}>{row.circuit_state.replace('_', '-')}</State>
  )
}

function EndpointPanel({ row, onGone }: { row: EndpointRow | undefined; onGone: () => void }): ReactNode {
  const [editing, setEditing] = useState(false)
  const [sure, setSure] = useState(false)
  const path = `/api/v1/registry/${encodeURIComponent(row?.id ?? '')}`
  const probe = useChange(
    async () => (await call<ProbeResult>(`${path}/probe`, { method: 'POST', body: {} })).data,
  )
  const toggle = useChange(() => call(`${path}/toggle`, { method: 'POST', body: {}, etag: row?.etag }))
  const priority = useChange((value: number) =>
    call(`${path}/priority`, { method: 'POST', body: { priority: value }, etag: row?.etag }),
  )
  const remove = useChange(async () => {
    await call(path, { method: 'DELETE', etag: row?.etag })
    onGone()
  })
  if (!row) return <Empty title="This endpoint is gone" />
  if (editing) return <EndpointForm existing={row} onDone={() => setEditing(false)} />
  const failed = [toggle, priority, remove, probe].find((change) => change.isError)
  return (
    <div className="flex flex-col gap-4">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        <dt className="text-soft">Address</dt>
        <dd className="font-mono break-all">{row.url}</dd>
        <dt className="text-soft">Provider</dt>
        <dd>{row.type}</dd>
        <dt className="text-soft">Source</dt>
        <dd>
          <Tag>{row.source}</Tag>{' '}
          {row.persisted ? 'kept over a restart' : row.source === 'ui' ? 'in memory only' : ''}
        </dd>
        <dt className="text-soft">Credential</dt>
        <dd>
          {
            {
              none: 'none',
              present: 'present',
              memory: 'in memory, lost at a restart',
              locked: 'locked: sealed under another secret key',
            }[row.credential]
          }
        </dd>
        <dt className="text-soft">Health</dt>
        <dd>
          <State tone={HEALTH[row.health]}>{row.health}</State> {row.health_reason ?? ''}{' '}
          <span className="text-soft">({ago(row.last_checked_at)})</span>
        </dd>
        <dt className="text-soft">Breaker</dt>
        <dd>
          <Breaker row={row} />
        </dd>
        <dt className="text-soft">Models</dt>
        <dd className="max-h-40 overflow-auto break-words">
          {row.wildcard && <Tag>any name</Tag>}{' '}
          {[...new Set([...row.models, ...row.models_found])].join(', ')}
        </dd>
      </dl>
      {probe.data && (
        <p role="status">
          {probe.data.ok ? (
            <State tone="good">
              answers in {ms(probe.data.latency_ms)}, {probe.data.models_count} models
            </State>
          ) : (
            <State tone="bad">{probe.data.detail ?? `HTTP ${probe.data.status}`}</State>
          )}
        </p>
      )}
      {failed && <Failure error={failed.error} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button look="main" disabled={probe.isPending} onClick={() => probe.mutate(undefined)}>
          {probe.isPending ? 'Testing ...' : 'Test'}
        </Button>
        {row.editable && (
          <>
            <Button onClick={() => setEditing(true)}>Edit</Button>
            <Button onClick={() => toggle.mutate(undefined)}>{row.enabled ? 'Disable' : 'Enable'}</Button>
            <label className="flex items-center gap-2">
              Priority
              <input
                className="field w-20"
                type="number"
                defaultValue={row.priority}
                onBlur={(event) => {
                  const value = Number(event.target.value)
                  if (Number.isInteger(value) && value !== row.priority) priority.mutate(value)
                }}
              />
            </label>
            <Button look="danger" onClick={() => (sure ? remove.mutate(undefined) : setSure(true))}>
              {sure ? 'Really delete' : 'Delete'}
            </Button>
          </>
        )}
      </div>
      {!row.editable && (
        <p className="text-soft">
          Declared in the {row.source === 'env' ? 'environment' : 'configuration'}: it is changed there.
        </p>
      )}
    </div>
  )
}
