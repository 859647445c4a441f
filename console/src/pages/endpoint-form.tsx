// The form for a new endpoint and for changes to one. What is wrong is said at the field it is wrong with; "Test" asks the
// address before anything is stored.

import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ApiError, type EndpointRow, type ProbeResult, type ProviderRow, call, get } from '../api.ts'
import { ms } from '../parts/format.ts'
import { Button, Failure, Field, State } from '../parts/ui.tsx'
import { useChange } from '../parts/use-change.ts'

interface Draft {
  id: string
  url: string
  provider: string
  api_key: string
  models: string
  priority: string
}

/** What the form itself can see before the server is asked. */
function checkDraft(draft: Draft): Partial<Record<keyof Draft, string>> {
  const wrong: Partial<Record<keyof Draft, string>> = {}
  if (!/^[a-z0-9._-]{1,64}$/.test(draft.id.toLowerCase()))
    wrong.id = 'Use 1 to 64 of a-z, 0-9, dot, underscore and hyphen.'
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(draft.url.trim())?.[1]?.toLowerCase()
  if (draft.url.trim() === '') wrong.url = 'The address is missing.'
  else if (scheme !== undefined && scheme !== 'http' && scheme !== 'https')
    wrong.url = 'The address must begin with http:// or https://.'
  return wrong
}

export function EndpointForm({
  existing,
  onDone,
}: {
  existing?: EndpointRow
  onDone: () => void
}): ReactNode {
  const [draft, setDraft] = useState<Draft>({
    id: existing?.id ?? '',
    url: existing?.url ?? '',
    provider: existing?.provider ?? 'openai-compatible',
    api_key: '',
    models: existing?.models.join(', ') ?? '',
    priority: String(existing?.priority ?? 0),
  })
  const [wrong, setWrong] = useState<Partial<Record<string, string>>>({})
  const providers = useQuery({
    queryKey: ['providers'],
    queryFn: async () => (await get<{ data: ProviderRow[] }>('/api/v1/providers')).data,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const body = (): Record<string, unknown> => ({
    ...(existing ? {} : { id: draft.id.trim() }),
    url: draft.url.trim(),
    provider: draft.provider,
    models: draft.models,
    priority: Number(draft.priority) || 0,
    ...(draft.api_key === '' ? {} : { api_key: draft.api_key }),
  })
  const guard = async <T,>(run: () => Promise<T>): Promise<T> => {
    const found = checkDraft(draft)
    setWrong(found)
    const [first] = Object.values(found)
    if (first !== undefined) throw new ApiError(400, first, Object.keys(found)[0])
    try {
      return await run()
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.param !== undefined && thrown.param in draft)
        setWrong({ [thrown.param]: thrown.message })
      throw thrown
    }
  }
  const test = useChange(() =>
    guard(
      async () =>
        (
          await call<ProbeResult>('/api/v1/registry/try', {
            method: 'POST',
            body: { ...body(), id: draft.id || 'new' },
          })
        ).data,
    ),
  )
  const save = useChange(() =>
    guard(async () => {
      await (existing
        ? call(`/api/v1/registry/${encodeURIComponent(existing.id)}`, {
            method: 'PATCH',
            body: body(),
            etag: existing.etag,
          })
        : call('/api/v1/registry', { method: 'POST', body: body() }))
      onDone()
    }),
  )
  const tested = test.data
  const set = (name: keyof Draft) => (event: { target: { value: string } }) =>
    setDraft({ ...draft, [name]: event.target.value })
  const chosen = providers.data?.find((row) => row.id === draft.provider)
  const atField = (error: unknown): boolean =>
    error instanceof ApiError && error.param !== undefined && error.param in draft
  return (
    <form
      data-testid="add-endpoint-form"
      className="flex flex-col gap-3"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate(undefined)
      }}
    >
      <Field
        label="Name"
        error={wrong.id}
        hint="Short and lower-case: it stands in model names as name/model."
      >
        <input
          className="field"
          name="id"
          value={draft.id}
          disabled={existing !== undefined}
          onChange={set('id')}
          autoFocus={!existing}
        />
      </Field>
      <Field label="Provider" error={wrong.provider}>
        <select className="field" name="provider" value={draft.provider} onChange={set('provider')}>
          {(providers.data ?? [{ id: draft.provider, title: draft.provider }]).map((row) => (
            <option key={row.id} value={row.id}>
              {row.title}
            </option>
          ))}
        </select>
      </Field>
      <Field
        label="Address"
        error={wrong.url}
        hint={chosen?.base_url ? `Usually ${chosen.base_url}` : 'The API root, e.g. http://10.0.0.7:8000/v1'}
      >
        <input
          className="field font-mono"
          name="url"
          inputMode="url"
          value={draft.url}
          onChange={set('url')}
        />
      </Field>
      <Field
        label="Key"
        error={wrong.api_key}
        hint={
          existing?.has_credential === true
            ? 'Left empty, the stored key stays.'
            : 'Left empty, none is sent.'
        }
      >
        <input
          className="field font-mono"
          name="api_key"
          type="password"
          autoComplete="off"
          value={draft.api_key}
          onChange={set('api_key')}
        />
      </Field>
      <Field
        label="Models"
        error={wrong.models}
        hint="Separated by commas. Left empty, any name is passed on."
      >
        <input className="field font-mono" name="models" value={draft.models} onChange={set('models')} />
      </Field>
      <Field
        label="Priority"
        error={wrong.priority}
        hint="Where several endpoints serve one name, the highest is asked."
      >
        <input
          className="field w-28"
          name="priority"
          type="number"
          value={draft.priority}
          onChange={set('priority')}
        />
      </Field>
      {test.data && (
        <p role="status">
          {test.data.ok ? (
            <State tone="good">
              answers in {ms(test.data.latency_ms)}, {test.data.models_count} models
            </State>
          ) : (
            <State tone="bad">{test.data.detail ?? `HTTP ${test.data.status}`}</State>
          )}
        </p>
      )}
      {tested?.ok === true && tested.models.length > 0 && draft.models === '' && (
        <Button onClick={() => setDraft({ ...draft, models: tested.models.join(', ') })}>
          Declare the {tested.models.length} models it lists
        </Button>
      )}
      {save.isError && !atField(save.error) && <Failure error={save.error} />}
      {test.isError && !atField(test.error) && <Failure error={test.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button disabled={test.isPending} onClick={() => test.mutate(undefined)}>
          {test.isPending ? 'Testing ...' : 'Test'}
        </Button>
        <Button look="main" type="submit" disabled={save.isPending}>
          {existing ? 'Save' : 'Add'}
        </Button>
      </div>
    </form>
  )
}
