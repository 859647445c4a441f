// The one door to the admin API: JSON in and out, the session's token with every change, failures as one error class.
// The types are the API's own.

import type { Session } from '../../src/server/admin/schemas.ts'

export type * from './api-types.ts'

export class ApiError extends Error {
  readonly status: number
  /** The member that is wrong, where the API names one. */
  readonly param: string | undefined
  constructor(status: number, message: string, param?: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.param = param
  }
}

let csrf: string | undefined
const leaving = new Set<() => void>()

/** Called when the session has ended under us. */
export function onSignedOut(fn: () => void): () => void {
  leaving.add(fn)
  return () => leaving.delete(fn)
}

export interface Answer<T> {
  data: T
  etag: string | undefined
}

export interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  /** ETag the change is based on. */
  etag?: string | undefined
  signal?: AbortSignal
}

/** @throws ApiError with the server's own words; status 0 when it cannot be reached. */
export async function call<T>(path: string, options: Options = {}): Promise<Answer<T>> {
  const { method = 'GET', body, etag, signal } = options
  let response: Response
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(csrf === undefined || method === 'GET' ? {} : { 'x-csrf-token': csrf }),
        ...(etag === undefined ? {} : { 'if-match': etag }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (thrown) {
    if (signal?.aborted) throw thrown
    throw new ApiError(0, 'the gateway does not answer; is it still running?')
  }
  const text = await response.text()
  let data: unknown
  try {
    data = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new ApiError(
      response.status,
      `the gateway answered ${response.status} with something that is no JSON`,
    )
  }
  if (!response.ok) {
    const said = (data as { error?: { message?: string; param?: string | null } } | undefined)?.error
    if (response.status === 401) for (const fn of leaving) fn()
    throw new ApiError(
      response.status,
      said?.message ?? `the gateway answered ${response.status}`,
      said?.param ?? undefined,
    )
  }
  return { data: data as T, etag: response.headers.get('etag') ?? undefined }
}

export async function get<T>(path: string): Promise<T> {
  return (await call<T>(path)).data
}

export async function session(): Promise<Session> {
  const { data } = await call<Session>('/api/v1/session')
  csrf = data.csrf_token ?? undefined
  return data
}

export async function login(key: string): Promise<Session> {
  const { data } = await call<Session>('/api/v1/login', { method: 'POST', body: { key } })
  csrf = data.csrf_token ?? undefined
  return data
}

export async function logout(): Promise<void> {
  await call('/api/v1/logout', { method: 'POST', body: {} })
  csrf = undefined
}

/** Headers that let this page talk to a model through the gateway (the playground). */
export function dataPlaneHeaders(): Record<string, string> {
  return { 'content-type': 'application/json', ...(csrf === undefined ? {} : { 'x-csrf-token': csrf }) }
}
