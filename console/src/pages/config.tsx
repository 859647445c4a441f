// The configuration as text: checked while it is typed, shown as a difference before it is applied, and taken back when it
// was a mistake. A bad change never replaces a good one.

import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import {
  type ConfigApplied,
  type ConfigHistory,
  type ConfigPlan,
  type ConfigView,
  type Problem,
  type Validation,
  call,
  get,
} from '../api.ts'
import { ago } from '../parts/format.ts'
import { Button, Card, Code, Dialog, Empty, Failure, Loading, Page, State, Tag, cx } from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'

const PAUSE_MS = 300

export function ConfigPage(): ReactNode {
  const config = useQuery({
    queryKey: ['config'],
    queryFn: () => call<ConfigView>('/api/v1/config'),
    staleTime: 0,
  })
  return (
    <Page
      title="Configuration"
      about={config.data ? (config.data.data.file ?? 'No file yet: applying writes trunkline.yaml.') : ''}
    >
      {config.isPending && <Loading />}
      {config.isError && <Failure error={config.error} retry={() => void config.refetch()} />}
      {config.data && (
        <Editor
          key={config.data.data.etag}
          view={config.data.data}
          etag={config.data.etag ?? config.data.data.etag}
        />
      )}
      <History />
    </Page>
  )
}

function Editor({ view, etag }: { view: ConfigView; etag: string }): ReactNode {
  const [text, setText] = useState(view.text)
  const [problems, setProblems] = useState<Problem[]>(view.problems)
  const [checking, setChecking] = useState(false)
  const [plan, setPlan] = useState<ConfigPlan>()
  const area = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (text === view.text) {
      setProblems(view.problems)
      setChecking(false)
      return undefined
    }
    setChecking(true)
    const abort = new AbortController()
    const timer = setTimeout(() => {
      call<Validation>('/api/v1/config/validate', { method: 'POST', body: { text }, signal: abort.signal })
        .then(({ data }) => {
          setProblems(data.problems)
          setChecking(false)
        })
        .catch(() => setChecking(false))
    }, PAUSE_MS)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [text, view.text, view.problems])
  const review = useChange(async () => {
    const { data } = await call<ConfigPlan>('/api/v1/config/plan', { method: 'POST', body: { text } })
    setPlan(data)
  })
  const apply = useChange(async () => {
    await call<ConfigApplied>('/api/v1/config', { method: 'PUT', body: { text }, etag })
    setPlan(undefined)
  })
  const errors = problems.filter((problem) => problem.severity === 'error')
  const lines = text.split('\n')
  const bad = new Set(problems.map((problem) => problem.line))
  const jump = (line: number | null): void => {
    if (line === null || !area.current) return
    const at = lines.slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0)
    area.current.focus()
    area.current.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0))
  }
  const changed = text !== view.text
  return (
    <Card
      flush
      title={
        <span className="flex flex-wrap items-center gap-3" role="status">
          {checking ? (
            <State tone="accent">checking</State>
          ) : errors.length > 0 ? (
            <State tone="bad">
              {errors.length} {errors.length === 1 ? 'error' : 'errors'}
            </State>
          ) : (
            <State tone="good">valid</State>
          )}
          {changed && <Tag tone="warn">changed</Tag>}
        </span>
      }
      actions={
        <div className="flex gap-2">
          <Button disabled={!changed} onClick={() => setText(view.text)}>
            Discard
          </Button>
          <Button
            look="main"
            disabled={!changed || checking || errors.length > 0 || !view.writable}
            onClick={() => review.mutate(undefined)}
          >
            Review and apply
          </Button>
        </div>
      }
    >
      {!view.writable && (
        <p className="border-b border-line px-4 py-2 text-warn">
          The file cannot be written; changes can be checked here, and made there.
        </p>
      )}
      <div className="flex h-[26rem] font-mono text-xs leading-5">
        <div
          ref={gutter}
          aria-hidden="true"
          className="overflow-hidden border-r border-line bg-raised py-2 text-right text-soft select-none"
        >
          {lines.map((_, index) => (
            <div key={index} className={cx('px-2', bad.has(index + 1) && 'bg-bad text-panel')}>
              {index + 1}
            </div>
          ))}
        </div>
        <textarea
          ref={area}
          aria-label="trunkline.yaml"
          className="min-w-0 flex-1 resize-none bg-panel p-2 leading-5 whitespace-pre text-ink"
          spellCheck={false}
          value={text}
          onScroll={(event) => {
            if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop
          }}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {problems.length > 0 && (
        <ul className="border-t border-line">
          {problems.map((problem, index) => (
            <li key={index} className="border-b border-line px-4 py-1.5 last:border-0">
              <button type="button" className="text-left break-words" onClick={() => jump(problem.line)}>
                <State tone={problem.severity === 'error' ? 'bad' : 'warn'}>
                  {problem.line === null ? problem.severity : `${problem.line}:${problem.column ?? 1}`}
                </State>{' '}
                {problem.message}
              </button>
            </li>
          ))}
        </ul>
      )}
      {review.isError && <Failure error={review.error} />}
      <Dialog open={plan !== undefined} title="Apply this change?" onClose={() => setPlan(undefined)} wide>
        {plan && (
          <div className="flex flex-col gap-3">
            <ul className="flex flex-col gap-1">
              {plan.changes.map((change) => (
                <li key={`${change.what} ${change.id}`}>
                  <Tag tone={change.kind === 'removed' ? 'bad' : change.kind === 'added' ? 'good' : 'warn'}>
                    {change.kind}
                  </Tag>{' '}
                  {change.what} <code className="font-mono">{change.id}</code>
                  {change.fields.length > 0 && (
                    <span className="text-soft">
                      {' '}
                      ({change.fields.map((field) => field.field).join(', ')})
                    </span>
                  )}
                </li>
              ))}
              {plan.changes.length === 0 && <li className="text-soft">Nothing that serves would change.</li>}
            </ul>
            {plan.restart.length > 0 && (
              <State tone="warn">At the next start only: {plan.restart.join(', ')}</State>
            )}
            <Code text={plan.diff} />
            {apply.isError && <Failure error={apply.error} />}
            <div className="flex justify-end gap-2">
              <Button onClick={() => setPlan(undefined)}>Back</Button>
              <Button look="main" disabled={apply.isPending} onClick={() => apply.mutate(undefined)}>
                Apply
              </Button>
            </div>
          </div>
        )}
      </Dialog>
    </Card>
  )
}

function History(): ReactNode {
  const history = useQuery({
    queryKey: ['config-history'],
    queryFn: () => get<ConfigHistory>('/api/v1/config/history'),
  })
  const rollback = useChange((version: number) =>
    call('/api/v1/config/rollback', { method: 'POST', body: { version } }),
  )
  return (
    <Card flush title="History">
      {history.isError && <Failure error={history.error} />}
      {rollback.isError && <Failure error={rollback.error} />}
      {history.data?.data.length === 0 && (
        <Empty title="No version kept yet">Each applied change is kept here and can be taken back.</Empty>
      )}
      <ul>
        {history.data?.data.map((version) => (
          <li
            key={version.version}
            className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2 last:border-0"
          >
            <span className="font-semibold">Version {version.version}</span>
            {version.current && <Tag tone="accent">in force</Tag>}
            <span className="text-soft">
              {ago(version.at)} by {version.actor}
              {version.note === null ? '' : `: ${version.note}`}
            </span>
            {!version.current && (
              <Button
                className="ml-auto"
                disabled={rollback.isPending}
                onClick={() => rollback.mutate(version.version)}
              >
                Roll back to it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
