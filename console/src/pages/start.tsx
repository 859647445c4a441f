// The first page: what was found, what serves, and a line to paste for each client.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { type Overview, get } from '../api.ts'
import { count, duration } from '../parts/format.ts'
import { Card, Code, CopyButton, Empty, Failure, Loading, Page, State, cx } from '../parts/ui.tsx'

export function StartPage(): ReactNode {
  const overview = useQuery({
    queryKey: ['overview'],
    queryFn: () => get<Overview>('/api/v1/overview'),
    refetchInterval: 3_000,
  })
  if (overview.isPending) return <Loading />
  if (overview.isError)
    return (
      <Page title="Start">
        <Failure error={overview.error} retry={() => void overview.refetch()} />
      </Page>
    )
  const { data } = overview
  return (
    <Page
      title="Start"
      about={
        <>
          Serving at <code className="font-mono">{data.url}</code> for {duration(data.uptime_s)}.
        </>
      }
    >
      <div className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure title="Endpoints" value={data.endpoints.total} to="/endpoints">
          <Reach endpoints={data.endpoints} />
        </Figure>
        <Figure title="Models" value={data.models} to="/models">
          <span className="text-soft">
            {data.default_model === null ? 'no default model' : `default: ${data.default_model}`}
          </span>
        </Figure>
        <Figure title="Calls" value={data.calls.total} to="/calls">
          {data.calls.failed > 0 ? (
            <State tone="warn">{count(data.calls.failed)} failed</State>
          ) : (
            <span className="text-soft">{data.calls.under_way} under way</span>
          )}
        </Figure>
        <Figure title="Tokens" value={data.calls.input_tokens + data.calls.output_tokens} to="/calls">
          <span className="text-soft">
            {count(data.calls.input_tokens)} in, {count(data.calls.output_tokens)} out
          </span>
        </Figure>
      </div>
      {data.problems.length > 0 && (
        <Card title="What wants your attention">
          <ul className="flex flex-col gap-1.5">
            {data.problems.map((problem) => (
              <li key={problem.message} className="flex gap-2 break-words">
                <State tone={problem.severity === 'error' ? 'bad' : 'warn'}>{problem.severity}</State>
                <span className="min-w-0">{problem.message}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {data.endpoints.total === 0 && (
        <Card>
          <Empty title="Nothing to serve yet">
            No endpoint is configured and no local engine was found.{' '}
            <Link to="/endpoints" className="text-accent underline">
              Add an endpoint
            </Link>{' '}
            or start Ollama, LM Studio, vLLM or llama.cpp and scan for it.
          </Empty>
        </Card>
      )}
      <Clients snippets={data.snippets} keyRequired={data.key_required} />
      <p className="text-soft">
        {data.store.message ??
          (data.store.state === 'open'
            ? `What is added here is kept in ${data.store.place}.`
            : 'Nothing had to be stored yet.')}{' '}
        {data.discovery.enabled
          ? `Local engines are looked for; ${data.discovery.found} found.`
          : 'Discovery of local engines is off.'}
      </p>
    </Page>
  )
}

function Reach({ endpoints }: { endpoints: Overview['endpoints'] }): ReactNode {
  if (endpoints.down > 0) return <State tone="bad">{endpoints.down} down</State>
  if (endpoints.ok > 0) return <State tone="good">{endpoints.ok} answer</State>
  return <span className="text-soft">{endpoints.total === 0 ? 'none yet' : 'not asked yet'}</span>
}

function Figure({
  title,
  value,
  to,
  children,
}: {
  title: string
  value: number
  to: '/endpoints' | '/models' | '/calls'
  children: ReactNode
}): ReactNode {
  return (
    <Link to={to} className="card block p-4 hover:bg-raised">
      <span className="text-soft">{title}</span>
      <span className="block text-2xl font-semibold tabular-nums">{count(value)}</span>
      {children}
    </Link>
  )
}

function Clients({
  snippets,
  keyRequired,
}: Pick<Overview, 'snippets'> & { keyRequired: boolean }): ReactNode {
  const [chosen, setChosen] = useState(snippets[0]?.client)
  const shown = snippets.find((snippet) => snippet.client === chosen) ?? snippets[0]
  if (!shown) return null
  return (
    <Card title="Point a client here" actions={<CopyButton text={shown.text} />}>
      <div role="tablist" aria-label="Clients" className="mb-3 flex flex-wrap gap-1">
        {snippets.map((snippet) => (
          <button
            key={snippet.client}
            role="tab"
            type="button"
            aria-selected={snippet === shown}
            onClick={() => setChosen(snippet.client)}
            className={cx(
              'rounded-md border px-2.5 py-1',
              snippet === shown ? 'border-accent bg-raised font-semibold' : 'border-line hover:bg-raised',
            )}
          >
            {snippet.title}
          </button>
        ))}
      </div>
      <Code text={shown.text} wrap />
      {keyRequired && (
        <p className="mt-2 text-xs text-soft">
          Put your key in the place of &lt;your key&gt;; it is never shown here.
        </p>
      )}
    </Card>
  )
}
