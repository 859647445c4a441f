// Every setting with its value and the level that supplied it.

import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { type SettingRow, get } from '../api.ts'
import { Card, Failure, Loading, Page, Table, Tag, type Tone } from '../parts/ui.tsx'

const LEVEL: Record<SettingRow['level'], Tone> = {
  flag: 'warn',
  config: 'accent',
  env: 'good',
  default: 'soft',
}

export function SettingsPage(): ReactNode {
  const [filter, setFilter] = useState('')
  const list = useQuery({
    queryKey: ['settings'],
    queryFn: async () => (await get<{ data: SettingRow[] }>('/api/v1/settings')).data,
  })
  const wanted = filter.toLowerCase()
  const rows = (list.data ?? []).filter((row) =>
    `${row.key} ${row.description}`.toLowerCase().includes(wanted),
  )
  return (
    <Page
      title="Settings"
      about="The level nearest to you wins: flag, then file, then environment, then default."
    >
      {list.isPending && <Loading />}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.data && (
        <Card
          flush
          title={`${rows.length} settings`}
          actions={
            <input
              className="field w-44"
              type="search"
              placeholder="Filter"
              aria-label="Filter settings"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
            />
          }
        >
          <Table
            label="Settings"
            rows={rows}
            id={(row) => row.key}
            columns={[
              {
                title: 'Setting',
                cell: (row) => (
                  <>
                    <code className="font-mono font-semibold break-all">{row.key}</code>
                    <div className="max-w-md text-xs text-soft">{row.description}</div>
                  </>
                ),
              },
              {
                title: 'Value',
                cell: (row) => <code className="font-mono break-all">{shown(row.value)}</code>,
              },
              {
                title: 'From',
                cell: (row) => (
                  <>
                    <Tag tone={LEVEL[row.level]}>{row.level}</Tag>
                    <div className="text-xs break-all text-soft">{row.from ?? ''}</div>
                  </>
                ),
              },
              {
                title: 'Default',
                wide: true,
                cell: (row) => <code className="font-mono text-soft">{shown(row.default)}</code>,
              },
              {
                title: 'Takes effect',
                wide: true,
                cell: (row) => (row.restart ? 'at the next start' : 'at once'),
              },
            ]}
          />
        </Card>
      )}
    </Page>
  )
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return 'not set'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
