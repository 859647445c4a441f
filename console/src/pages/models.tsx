// Every name a caller may use. Only the rows in view are in the page, so that five thousand cost no more than fifty.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useMemo, useRef, useState } from 'react'
import { type ModelRow, get } from '../api.ts'
import { count } from '../parts/format.ts'
import { Card, Empty, Failure, Loading, Page, State, Tag } from '../parts/ui.tsx'

export function ModelsPage(): ReactNode {
  const [filter, setFilter] = useState('')
  const list = useQuery({
    queryKey: ['models'],
    queryFn: async () => (await get<{ data: ModelRow[] }>('/api/v1/models')).data,
    refetchInterval: 10_000,
  })
  const rows = useMemo(() => {
    const wanted = filter.toLowerCase()
    return (list.data ?? []).filter((row) =>
      [row.id, ...row.endpoints].some((text) => text.toLowerCase().includes(wanted)),
    )
  }, [list.data, filter])
  return (
    <Page title="Models" about="The names that callers may use, and what is behind each.">
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      {list.data && (
        <Card
          flush
          title={`${count(rows.length)} of ${count(list.data.length)}`}
          actions={
            <input
              className="field w-44"
              type="search"
              placeholder="Filter"
              aria-label="Filter models"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
          }
        >
          {rows.length === 0 ? (
            <Empty title={list.data.length === 0 ? 'No model yet' : 'No model has that in its name'}>
              {list.data.length === 0 && 'Add an endpoint; its models appear here.'}
            </Empty>
          ) : (
            <Rows rows={rows} />
          )}
        </Card>
      )}
    </Page>
  )
}

function Rows({ rows }: { rows: readonly ModelRow[] }): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const view = useVirtualizer({
    count: rows.length,
    getScrollElement: () => host.current,
    estimateSize: () => 58,
    overscan: 10,
  })
  return (
    <div ref={host} className="max-h-[70dvh] overflow-auto" tabIndex={0} role="region" aria-label="Models">
      <ul style={{ height: view.getTotalSize(), position: 'relative' }}>
        {view.getVirtualItems().map((item) => {
          const row = rows[item.index] as ModelRow
          return (
            <li
              key={row.id}
              ref={view.measureElement}
              data-index={item.index}
              style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
              className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2"
            >
              <div className="min-w-0">
                <span className="font-mono font-semibold break-all">{row.id}</span>{' '}
                {row.kind !== 'implicit' && <Tag>{row.kind}</Tag>}{' '}
                {row.alias_of !== null && <Tag>for {row.alias_of}</Tag>}
                <div className="text-xs text-soft">
                  {row.endpoints.join(', ')}
                  {row.context_tokens !== null && ` · ${count(row.context_tokens)} tokens of context`}
                </div>
              </div>
              <div className="flex items-center gap-3">
                <State tone={row.available ? 'good' : 'bad'}>{row.available ? 'available' : 'down'}</State>
                <Link
                  to="/playground"
                  search={{ model: row.id }}
                  className="text-accent underline underline-offset-2"
                  aria-label={`Try ${row.id}`}
                >
                  Try
                </Link>
              </div>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
