// Looking for model servers on this machine and its peers. Finding one changes nothing; "Add" does.

import { type ReactNode, useEffect, useRef } from 'react'
import { type Candidate, type ScanResult, call } from '../api.ts'
import { Button, Dialog, Empty, Failure, Tag } from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'

export function ScanDialog({ open, onClose }: { open: boolean; onClose: () => void }): ReactNode {
  const scan = useChange(
    async () => (await call<ScanResult>('/api/v1/registry/scan', { method: 'POST', body: {} })).data,
  )
  const add = useChange((found: Candidate) =>
    call('/api/v1/registry', {
      method: 'POST',
      body: { id: found.id, url: found.base_url, provider: found.provider, models: found.models },
    }),
  )
  const started = useRef(false)
  const { mutate } = scan
  useEffect(() => {
    if (open && !started.current) mutate(undefined)
    started.current = open
  }, [open, mutate])
  return (
    <Dialog open={open} title="Scan for model servers" onClose={onClose} wide>
      {scan.isPending && (
        <p className="text-soft">Asking the usual ports; this takes two seconds at most ...</p>
      )}
      {scan.isError && <Failure error={scan.error} />}
      {add.isError && <Failure error={add.error} />}
      {scan.data && scan.data.candidates.length === 0 && (
        <Empty title="Nothing found">
          {scan.data.asked} addresses were asked. Servers on other machines are found when they are named
          under discovery.peers.
        </Empty>
      )}
      <ul className="flex flex-col divide-y divide-line">
        {scan.data?.candidates.map((found) => (
          <li
            key={`${found.id} ${found.base_url}`}
            className="flex flex-wrap items-center justify-between gap-2 py-2.5"
          >
            <div className="min-w-0">
              <span className="font-semibold">{found.title}</span> <Tag>{found.models.length} models</Tag>{' '}
              {found.locked && <Tag tone="warn">asks for a key</Tag>}
              <div className="font-mono text-xs break-all text-soft">{found.base_url}</div>
              <div className="text-xs text-soft">{found.evidence}</div>
            </div>
            {found.known_as === null ? (
              <Button
                disabled={found.locked || add.isPending}
                onClick={() => add.mutate(found, { onSuccess: () => scan.mutate(undefined) })}
              >
                Add
              </Button>
            ) : (
              <span className="text-soft">is “{found.known_as}”</span>
            )}
          </li>
        ))}
      </ul>
      <div className="mt-3 flex justify-end gap-2">
        <Button disabled={scan.isPending} onClick={() => scan.mutate(undefined)}>
          Scan again
        </Button>
        <Button look="main" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}
