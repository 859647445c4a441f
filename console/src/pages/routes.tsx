// Routes: a public name, its deployments in order, and how calls were shared between them.

import { useQuery } from '@tanstack/react-query'
import { ArrowDown, ArrowUp, GripVertical, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { type RouteRow, call, get } from '../api.ts'
import { Button, Card, Dialog, Empty, Failure, Field, Loading, Page, State, Tag } from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'

const STRATEGIES = ['priority', 'round_robin', 'weighted', 'least_busy', 'fastest', 'cheapest', 'headroom']

export function RoutesPage(): ReactNode {
  const [editing, setEditing] = useState<RouteRow | 'new'>()
  const [all, setAll] = useState(false)
  const list = useQuery({
    queryKey: ['routes'],
    queryFn: async () => (await get<{ data: RouteRow[] }>('/api/v1/routes')).data,
    refetchInterval: 3_000,
  })
  const rows = (list.data ?? []).filter((row) => all || row.source !== 'implicit')
  return (
    <Page
      title="Routes"
      about="A public name and the deployments behind it. A model declared by one endpoint needs no route."
      actions={
        <Button look="main" onClick={() => setEditing('new')}>
          <Plus size={15} aria-hidden="true" /> New route
        </Button>
      }
    >
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.isPending && <Loading />}
      <label className="flex items-center gap-2">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
        Show the names that endpoints declare, too
      </label>
      {list.data && rows.length === 0 && (
        <Card>
          <Empty title="No route yet">
            A route puts several deployments behind one name, with weights or a strategy.
          </Empty>
        </Card>
      )}
      {rows.map((row) => (
        <Card
          key={row.name}
          flush
          title={
            <span className="flex flex-wrap items-center gap-2">
              <span className="font-mono break-all">{row.name}</span>
              <Tag tone="accent">{row.strategy.replace('_', ' ')}</Tag>
              <Tag>{row.source}</Tag>
            </span>
          }
          actions={row.source !== 'config' && <Button onClick={() => setEditing(row)}>Edit</Button>}
        >
          <ul>
            {row.targets.map((target) => (
              <li
                key={`${target.endpoint}/${target.model}`}
                className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 last:border-0"
              >
                <span className="min-w-0 flex-1 font-mono break-all">
                  {target.endpoint}/{target.model}
                </span>
                <span className="text-soft">weight {target.weight}</span>
                <Share share={target.share} />
                <State
                  tone={
                    target.circuit_state === 'closed'
                      ? target.health === 'down'
                        ? 'bad'
                        : target.health === 'ok'
                          ? 'good'
                          : 'soft'
                      : 'bad'
                  }
                >
                  {target.circuit_state === 'closed'
                    ? target.health
                    : `breaker ${target.circuit_state.replace('_', '-')}`}
                </State>
              </li>
            ))}
          </ul>
          {row.fallback.length > 0 && (
            <p className="border-t border-line px-4 py-2 text-soft">
              Falls back to {row.fallback.join(', then ')}.
            </p>
          )}
        </Card>
      ))}
      <Dialog
        open={editing !== undefined}
        title={editing === 'new' ? 'New route' : `Route ${editing?.name ?? ''}`}
        onClose={() => setEditing(undefined)}
        wide
      >
        {editing !== undefined && (
          <RouteForm
            existing={editing === 'new' ? undefined : editing}
            onDone={() => setEditing(undefined)}
          />
        )}
      </Dialog>
    </Page>
  )
}

function Share({ share }: { share: number | null }): ReactNode {
  if (share === null) return <span className="w-28 text-right text-soft">no calls yet</span>
  const percent = Math.round(share * 100)
  return (
    <span className="flex w-28 items-center justify-end gap-2">
      <meter className="h-2 w-14" min={0} max={100} value={percent} aria-label="share of the calls" />
      <span className="tabular-nums">{percent} %</span>
    </span>
  )
}

interface Target {
  to: string
  weight: number
}

function RouteForm({ existing, onDone }: { existing: RouteRow | undefined; onDone: () => void }): ReactNode {
  const [name, setName] = useState(existing?.name ?? '')
  const [strategy, setStrategy] = useState(existing?.strategy ?? 'priority')
  const [targets, setTargets] = useState<Target[]>(
    existing?.targets.map(({ endpoint, model, weight }) => ({ to: `${endpoint}/${model}`, weight })) ?? [
      { to: '', weight: 1 },
    ],
  )
  const [fallback, setFallback] = useState(existing?.fallback.join(', ') ?? '')
  const [dragged, setDragged] = useState<number>()
  const path = `/api/v1/routes/${encodeURIComponent(name)}`
  const save = useChange(async () => {
    const fallbacks = fallback
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
    await call(path, {
      method: 'PUT',
      body: {
        strategy,
        targets: targets
          .filter((target) => target.to.trim() !== '')
          .map(({ to, weight }) => ({ to: to.trim(), weight })),
        ...(fallbacks.length > 0 ? { fallback: fallbacks } : {}),
      },
      etag: existing?.etag,
    })
    onDone()
  })
  const remove = useChange(async () => {
    await call(path, { method: 'DELETE', etag: existing?.etag })
    onDone()
  })
  const move = (from: number, to: number): void => {
    if (to < 0 || to >= targets.length || from === to) return
    const next = [...targets]
    const [moved] = next.splice(from, 1)
    if (moved) next.splice(to, 0, moved)
    setTargets(next)
  }
  const put = (index: number, change: Partial<Target>): void =>
    setTargets(targets.map((target, at) => (at === index ? { ...target, ...change } : target)))
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(undefined)
      }}
    >
      <Field label="Name" hint="What callers put into “model”.">
        <input
          className="field font-mono"
          required
          value={name}
          disabled={existing !== undefined}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field label="Strategy">
        <select className="field" value={strategy} onChange={(event) => setStrategy(event.target.value)}>
          {[...new Set([...STRATEGIES, strategy])].map((item) => (
            <option key={item} value={item}>
              {item.replace('_', ' ')}
            </option>
          ))}
        </select>
      </Field>
      <fieldset>
        <legend className="mb-1 font-medium">Deployments, first to last</legend>
        <ul className="flex flex-col gap-1.5">
          {targets.map((target, index) => (
            <li
              // The row is its place in the order.
              key={index}
              draggable
              onDragStart={() => setDragged(index)}
              onDragOver={(event) => event.preventDefault()}
              onDrop={() => {
                if (dragged !== undefined) move(dragged, index)
                setDragged(undefined)
              }}
              className="flex items-center gap-1.5"
            >
              <GripVertical size={16} aria-hidden="true" className="cursor-grab text-soft" />
              <input
                className="field min-w-0 flex-1 font-mono"
                placeholder="endpoint/model"
                aria-label={`Deployment ${index + 1}`}
                value={target.to}
                onChange={(event) => put(index, { to: event.target.value })}
              />
              <input
                className="field w-16"
                type="number"
                min={0.1}
                step="any"
                aria-label={`Weight of deployment ${index + 1}`}
                value={target.weight}
                onChange={(event) => put(index, { weight: Number(event.target.value) })}
              />
              <Button
                look="quiet"
                aria-label={`Move deployment ${index + 1} up`}
                disabled={index === 0}
                onClick={() => move(index, index - 1)}
              >
                <ArrowUp size={15} aria-hidden="true" />
              </Button>
              <Button
                look="quiet"
                aria-label={`Move deployment ${index + 1} down`}
                disabled={index === targets.length - 1}
                onClick={() => move(index, index + 1)}
              >
                <ArrowDown size={15} aria-hidden="true" />
              </Button>
              <Button
                look="quiet"
                aria-label={`Remove deployment ${index + 1}`}
                disabled={targets.length === 1}
                onClick={() => setTargets(targets.filter((_, at) => at !== index))}
              >
                <Trash2 size={15} aria-hidden="true" />
              </Button>
            </li>
          ))}
        </ul>
        <Button className="mt-2" onClick={() => setTargets([...targets, { to: '', weight: 1 }])}>
          <Plus size={15} aria-hidden="true" /> Deployment
        </Button>
      </fieldset>
      <Field
        label="Fallback"
        hint="Names of other routes, in order. Used only when no deployment above can answer, and told to the caller."
      >
        <input
          className="field font-mono"
          value={fallback}
          onChange={(event) => setFallback(event.target.value)}
        />
      </Field>
      {save.isError && <Failure error={save.error} />}
      {remove.isError && <Failure error={remove.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        {existing?.source === 'ui' && (
          <Button look="danger" className="mr-auto" onClick={() => remove.mutate(undefined)}>
            Delete
          </Button>
        )}
        <Button onClick={onDone}>Cancel</Button>
        <Button look="main" type="submit" disabled={save.isPending || name === ''}>
          Save
        </Button>
      </div>
    </form>
  )
}
