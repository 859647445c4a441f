// Talk to a model, or to two of them side by side, and see what really goes over the wire.

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ImagePlus, Send, Square } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { type ModelRow, get } from '../api.ts'
import { type ChatProgress, type ChatRequest, asCode, chat } from '../chat.ts'
import { count, ms } from '../parts/format.ts'
import { Button, Card, Code, CopyButton, Field, Page, State, cx } from '../parts/ui.tsx'

interface Turn {
  role: 'user' | 'assistant'
  text: string
  image?: string
}
/** One conversation with one model. */
interface Lane {
  turns: Turn[]
  progress?: ChatProgress
  request?: ChatRequest
  error?: string
  busy: boolean
}
const EMPTY: Lane = { turns: [], busy: false }

const MAX_IMAGE_BYTES = 5 * 1024 * 1024

export function PlaygroundPage(): ReactNode {
  const models = useQuery({
    queryKey: ['models'],
    queryFn: async () => (await get<{ data: ModelRow[] }>('/api/v1/models')).data,
  })
  const wanted = new URLSearchParams(location.search).get('model') ?? ''
  const [chosen, setChosen] = useState<string[]>([wanted.replace(/^"|"$/g, '')])
  const [lanes, setLanes] = useState<Lane[]>([EMPTY, EMPTY])
  const [system, setSystem] = useState('')
  const [temperature, setTemperature] = useState('')
  const [limit, setLimit] = useState('')
  const [tools, setTools] = useState('')
  const [text, setText] = useState('')
  const [image, setImage] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const stop = useRef<AbortController>(undefined)
  const names = models.data?.map((row) => row.id) ?? []
  const busy = lanes.some((lane) => lane.busy)
  const put = (index: number, change: Partial<Lane>): void =>
    setLanes((before) => before.map((lane, at) => (at === index ? { ...lane, ...change } : lane)))

  const send = async (): Promise<void> => {
    setProblem(undefined)
    let toolList: unknown
    if (tools.trim() !== '')
      try {
        toolList = JSON.parse(tools)
      } catch (thrown) {
        setProblem(`The tools are not valid JSON: ${thrown instanceof Error ? thrown.message : ''}`)
        return
      }
    const turn: Turn = { role: 'user', text, ...(image === undefined ? {} : { image }) }
    setText('')
    setImage(undefined)
    const abort = new AbortController()
    stop.current = abort
    await Promise.all(
      chosen.map(async (model, index) => {
        const turns = [...(lanes[index]?.turns ?? []), turn]
        const request: ChatRequest = {
          model: model || (names[0] ?? ''),
          messages: [
            ...(system === '' ? [] : [{ role: 'system', content: system }]),
            ...turns.map(messageOf),
          ],
          ...(temperature === '' ? {} : { temperature: Number(temperature) }),
          ...(limit === '' ? {} : { max_tokens: Number(limit) }),
          ...(toolList === undefined ? {} : { tools: toolList }),
        }
        let last: ChatProgress | undefined
        setLanes((before) => before.map((lane, at) => (at === index ? { turns, request, busy: true } : lane)))
        try {
          await chat(request, abort.signal, (progress) => {
            last = progress
            put(index, { progress })
          })
        } catch (thrown) {
          put(index, {
            error: abort.signal.aborted
              ? 'Stopped; the gateway has told the upstream.'
              : thrown instanceof Error
                ? thrown.message
                : String(thrown),
          })
        } finally {
          put(index, {
            busy: false,
            ...(last?.text ? { turns: [...turns, { role: 'assistant' as const, text: last.text }] } : {}),
          })
        }
      }),
    )
  }

  const attach = (file: File | undefined): void => {
    if (!file) return
    if (file.size > MAX_IMAGE_BYTES) return setProblem('The image is larger than 5 MB.')
    const reader = new FileReader()
    reader.addEventListener('load', () => {
      if (typeof reader.result === 'string') setImage(reader.result)
    })
    reader.readAsDataURL(file)
  }

  return (
    <Page
      title="Playground"
      about="Calls go through the gateway like any other, and appear under Calls."
      actions={
        <>
          <Button
            onClick={() => setChosen(chosen.length === 1 ? [...chosen, names[1] ?? ''] : chosen.slice(0, 1))}
          >
            {chosen.length === 1 ? 'Compare two' : 'One model'}
          </Button>
          <Button disabled={busy} onClick={() => setLanes([EMPTY, EMPTY])}>
            Clear
          </Button>
        </>
      }
    >
      <details className="card p-3">
        <summary className="font-medium">Instructions, parameters and tools</summary>
        <div className="mt-3 grid gap-3 md:grid-cols-2">
          <Field label="System prompt">
            <textarea
              className="field min-h-20"
              value={system}
              onChange={(event) => setSystem(event.target.value)}
            />
          </Field>
          <Field label="Tools" hint="A JSON list in OpenAI's form.">
            <textarea
              className="field min-h-20 font-mono text-xs"
              spellCheck={false}
              value={tools}
              onChange={(event) => setTools(event.target.value)}
            />
          </Field>
          <Field label="Temperature" hint="Left empty, the model's own.">
            <input
              className="field"
              type="number"
              min={0}
              max={2}
              step={0.1}
              value={temperature}
              onChange={(event) => setTemperature(event.target.value)}
            />
          </Field>
          <Field label="Most tokens to answer">
            <input
              className="field"
              type="number"
              min={1}
              value={limit}
              onChange={(event) => setLimit(event.target.value)}
            />
          </Field>
        </div>
      </details>
      <div className={cx('grid gap-3', chosen.length > 1 && 'lg:grid-cols-2')}>
        {chosen.map((model, index) => (
          <LaneCard
            // Two fixed places.
            key={index}
            lane={lanes[index] ?? EMPTY}
            picker={
              <select
                className="field font-mono"
                aria-label={chosen.length > 1 ? `Model ${index + 1}` : 'Model'}
                value={model || (names[0] ?? '')}
                onChange={(event) =>
                  setChosen(chosen.map((name, at) => (at === index ? event.target.value : name)))
                }
              >
                {names.length === 0 && <option value="">no model yet</option>}
                {[...new Set([...(model === '' ? [] : [model]), ...names])].map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
            }
          />
        ))}
      </div>
      {problem !== undefined && (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      )}
      <form
        className="card sticky bottom-3 flex flex-col gap-2 p-2 shadow-lg"
        onSubmit={(event) => {
          event.preventDefault()
          if (!busy && (text.trim() !== '' || image !== undefined)) void send()
        }}
      >
        {image !== undefined && (
          <div className="flex items-center gap-2">
            <img src={image} alt="to be sent" className="h-14 rounded border border-line" />
            <Button look="quiet" onClick={() => setImage(undefined)}>
              Remove
            </Button>
          </div>
        )}
        <div className="flex items-end gap-2">
          <textarea
            className="field min-h-11 flex-1 resize-y"
            aria-label="Message"
            placeholder="Write a message; Enter sends, Shift+Enter starts a line"
            rows={2}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
                event.preventDefault()
                event.currentTarget.form?.requestSubmit()
              }
            }}
          />
          <label className="inline-flex min-h-8 cursor-pointer items-center rounded-md border border-line px-2.5 py-1 hover:bg-raised">
            <ImagePlus size={16} aria-hidden="true" />
            <span className="sr-only">Add an image</span>
            <input
              type="file"
              accept="image/*"
              className="sr-only"
              onChange={(event) => attach(event.target.files?.[0])}
            />
          </label>
          {busy ? (
            <Button onClick={() => stop.current?.abort()}>
              <Square size={15} aria-hidden="true" /> Stop
            </Button>
          ) : (
            <Button look="main" type="submit" disabled={names.length === 0}>
              <Send size={15} aria-hidden="true" /> Send
            </Button>
          )}
        </div>
      </form>
    </Page>
  )
}

function messageOf(turn: Turn): unknown {
  return turn.image === undefined
    ? { role: turn.role, content: turn.text }
    : {
        role: turn.role,
        content: [
          ...(turn.text === '' ? [] : [{ type: 'text', text: turn.text }]),
          { type: 'image_url', image_url: { url: turn.image } },
        ],
      }
}

function LaneCard({ lane, picker }: { lane: Lane; picker: ReactNode }): ReactNode {
  const [view, setView] = useState<'chat' | 'raw' | 'code'>('chat')
  const { progress } = lane
  const shown = lane.busy ? lane.turns : lane.turns
  return (
    <Card
      title={<div className="w-64 max-w-full">{picker}</div>}
      actions={
        <div role="group" aria-label="View" className="flex gap-1">
          {(['chat', 'raw', 'code'] as const).map((name) => (
            <Button
              key={name}
              look="quiet"
              aria-pressed={view === name}
              className={cx(view === name && 'bg-raised font-semibold')}
              onClick={() => setView(name)}
            >
              {{ chat: 'Chat', raw: 'Raw', code: 'Code' }[name]}
            </Button>
          ))}
        </div>
      }
    >
      {view === 'chat' && (
        <div className="flex flex-col gap-3" aria-live="polite">
          {shown.length === 0 && <p className="text-soft">Nothing said yet.</p>}
          {shown.map((turn, index) => (
            <Bubble key={index} role={turn.role} text={turn.text} image={turn.image} />
          ))}
          {progress && progress.reasoning !== '' && (
            <details className="rounded-md border border-line p-2 text-soft">
              <summary>Reasoning</summary>
              <p className="mt-1 break-words whitespace-pre-wrap">{progress.reasoning}</p>
            </details>
          )}
          {lane.busy && <Bubble role="assistant" text={progress?.text ?? ''} />}
          {progress?.tools.map((tool, index) => (
            <div
              key={index}
              className="rounded-md border border-line bg-ground p-2 font-mono text-xs break-words"
            >
              {tool.name}({tool.arguments})
            </div>
          ))}
          {lane.error !== undefined && (
            <p role="alert" className="break-words text-bad">
              {lane.error}
            </p>
          )}
          {progress && <Facts progress={progress} />}
        </div>
      )}
      {view === 'raw' && (
        <div className="flex flex-col gap-2">
          <h3 className="font-medium">Request</h3>
          <Code text={lane.request ? JSON.stringify(lane.request, null, 2) : 'nothing sent yet'} />
          <h3 className="font-medium">Response</h3>
          <Code text={progress?.raw.join('\n') ?? 'nothing received yet'} wrap />
        </div>
      )}
      {view === 'code' &&
        (lane.request ? (
          <div className="flex flex-col gap-3">
            {(['curl', 'javascript', 'python'] as const).map((language) => {
              const code = asCode(language, lane.request as ChatRequest, location.origin)
              return (
                <div key={language}>
                  <div className="flex items-center justify-between">
                    <h3 className="font-medium">
                      {{ curl: 'curl', javascript: 'JavaScript', python: 'Python' }[language]}
                    </h3>
                    <CopyButton text={code} />
                  </div>
                  <Code text={code} />
                </div>
              )
            })}
          </div>
        ) : (
          <p className="text-soft">Send something first; the same call then stands here as code.</p>
        ))}
    </Card>
  )
}

function Bubble({
  role,
  text,
  image,
}: {
  role: Turn['role']
  text: string
  image?: string | undefined
}): ReactNode {
  return (
    <div
      className={cx(
        'max-w-[92%] rounded-lg border border-line px-3 py-2',
        role === 'user' ? 'self-end bg-raised' : 'self-start bg-ground',
      )}
    >
      <span className="sr-only">{role === 'user' ? 'You: ' : 'Model: '}</span>
      {image !== undefined && <img src={image} alt="sent by you" className="mb-1 max-h-40 rounded" />}
      <p className="break-words whitespace-pre-wrap">{text === '' ? '...' : text}</p>
    </div>
  )
}

function Facts({ progress }: { progress: ChatProgress }): ReactNode {
  const { requestId } = progress
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      <span>first token {ms(progress.firstMs)}</span>
      <span>whole {ms(progress.ms)}</span>
      {progress.usage && (
        <span>
          {count(progress.usage.prompt_tokens)} in, {count(progress.usage.completion_tokens)} out
        </span>
      )}
      {progress.finish !== null && <span>ended: {progress.finish}</span>}
      {progress.endpoint !== null && <span>by {progress.endpoint}</span>}
      {progress.notes !== null && <State tone="warn">{progress.notes}</State>}
      {requestId !== null && (
        <Link to="/calls/$id" params={{ id: requestId }} className="text-accent underline">
          this call
        </Link>
      )}
    </p>
  )
}
