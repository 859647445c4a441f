// One call: its phases on a line of time, what was decided, tried and waited for, and what was lost in translation.

import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type CallDetail, get } from '../api.ts'
import { count, ms } from '../parts/format.ts'
import { Card, CopyButton, Failure, Loading, Page, State, Tag } from '../parts/ui.tsx'

export function CallPage(): ReactNode {
  const { id = '' } = useParams({ strict: false })
  const found = useQuery({
    queryKey: ['call', id],
    queryFn: () => get<CallDetail>(`/api/v1/calls/${encodeURIComponent(id)}`),
    // A call that is still under way is not remembered yet.
    retry: 3,
    retryDelay: 500,
  })
  return (
    <Page
      title="Call"
      about={<span className="font-mono break-all">{id}</span>}
      actions={
        <>
          <CopyButton text={`trunkline explain ${id}`} label="Copy “explain” command" />
          <Link to="/calls" className="inline-flex min-h-8 items-center px-2 text-accent underline">
            All calls
          </Link>
        </>
      }
    >
      {found.isPending && <Loading />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && <Detail call={found.data} />}
    </Page>
  )
}

function Detail({ call }: { call: CallDetail }): ReactNode {
  return (
    <>
      <Card title="Outcome">
        <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 md:grid-cols-[auto_1fr_auto_1fr]">
          <Pair name="Status">
            <State tone={call.error === null ? 'good' : 'bad'}>{call.status ?? 'none'}</State>
          </Pair>
          <Pair name="Ended by">
            {call.ended_by ?? '-'} ({call.phase})
          </Pair>
          <Pair name="Model">{call.model ?? '-'}</Pair>
          <Pair name="Route">{call.route ?? '-'}</Pair>
          <Pair name="Served by">
            {call.endpoint ?? '-'} {call.upstream_model === null ? '' : `as ${call.upstream_model}`}
          </Pair>
          <Pair name="Way">
            {call.path ?? '-'}, {call.dialect}, {call.stream ? 'streamed' : 'whole'}
          </Pair>
          <Pair name="Tokens">
            {count(call.input)} in, {count(call.output)} out
          </Pair>
          <Pair name="Fallback">{call.fallback ?? 'none'}</Pair>
        </dl>
        {call.error !== null && (
          <p className="mt-3 break-words text-bad">
            {call.error.kind}: {call.error.message}
          </p>
        )}
      </Card>
      <Card title="Time">
        <Timeline call={call} />
      </Card>
      {call.picks.map((pick, index) => (
        <Card key={index} flush title={`Decision: route ${pick.route}, ${pick.strategy.replace('_', ' ')}`}>
          <ul>
            {pick.candidates.map((candidate, at) => (
              <li
                key={`${candidate.endpoint}/${candidate.model}`}
                className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-2 last:border-0"
              >
                <Tag tone={pick.order[0] === at ? 'accent' : 'soft'}>
                  {pick.order.includes(at) ? `place ${pick.order.indexOf(at) + 1}` : 'left out'}
                </Tag>
                <span className="min-w-0 flex-1 font-mono break-all">
                  {candidate.endpoint}/{candidate.model}
                </span>
                {candidate.score !== null && (
                  <span className="text-soft tabular-nums">score {candidate.score.toPrecision(3)}</span>
                )}
                {candidate.refused !== null && <State tone="warn">{candidate.refused}</State>}
              </li>
            ))}
          </ul>
          {pick.because !== null && (
            <p className="border-t border-line px-4 py-2 text-soft">First because of: {pick.because}</p>
          )}
        </Card>
      ))}
      {call.note_list.length > 0 && (
        <Card title="Lost or changed in translation">
          <ul className="flex flex-col gap-1">
            {call.note_list.map((note, index) => (
              <li key={index} className="break-words">
                <Tag tone="warn">{note.action}</Tag> <code className="font-mono">{note.field}</code>:{' '}
                {note.why}
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  )
}

function Pair({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

function Timeline({ call }: { call: CallDetail }): ReactNode {
  const whole = Math.max(call.ms, 0.01)
  const place = (from: number, to: number): { left: string; width: string } => ({
    left: `${Math.min(99, (from / whole) * 100)}%`,
    width: `${Math.max(0.6, ((to - from) / whole) * 100)}%`,
  })
  return (
    <div className="flex flex-col gap-2">
      <p className="text-soft">
        {ms(call.ms)} in all; {ms(call.overhead_ms)} in the gateway before the upstream was asked; first byte
        after {ms(call.first_byte_ms)}.
      </p>
      {call.waits.map((wait, index) => (
        <p key={index} className="text-soft">
          Waited {ms(wait.ms)}: {wait.why}
          {wait.place === null ? '' : `, place ${wait.place}`}
        </p>
      ))}
      <ol className="flex flex-col gap-2">
        {call.tries.map((attempt, index) => {
          const end = attempt.started_ms + (attempt.ms ?? whole - attempt.started_ms)
          const first = attempt.first_byte_ms === null ? undefined : attempt.first_byte_ms
          const good = attempt.outcome === 'answered'
          return (
            <li key={index}>
              <div className="flex flex-wrap justify-between gap-2">
                <span className="font-mono break-all">
                  {index + 1}. {attempt.endpoint}/{attempt.model}
                </span>
                <span>
                  <Tag>{attempt.reason}</Tag>{' '}
                  <State tone={good ? 'good' : attempt.outcome === 'cancelled' ? 'soft' : 'bad'}>
                    {attempt.outcome ?? 'under way'}
                    {attempt.status === null ? '' : ` ${attempt.status}`}
                  </State>{' '}
                  <span className="tabular-nums">{ms(attempt.ms)}</span>
                </span>
              </div>
              <div
                className="relative mt-1 h-3 overflow-hidden rounded bg-raised"
                role="img"
                aria-label={`from ${ms(attempt.started_ms)} to ${ms(end)}, phase ${attempt.phase}`}
              >
                <span
                  className={`absolute inset-y-0 ${good ? 'bg-accent' : 'bg-bad'} opacity-45`}
                  style={place(attempt.started_ms, end)}
                />
                {first !== undefined && (
                  <span
                    className={`absolute inset-y-0 ${good ? 'bg-accent' : 'bg-bad'}`}
                    style={place(first, end)}
                  />
                )}
              </div>
              {attempt.message !== null && <p className="text-xs break-words text-soft">{attempt.message}</p>}
            </li>
          )
        })}
      </ol>
      {call.tries.length > 0 && (
        <p className="text-xs text-soft">Pale: waiting for the upstream. Full: bytes arriving.</p>
      )}
    </div>
  )
}
