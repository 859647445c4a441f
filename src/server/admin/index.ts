// The admin API's door: finds the row of a path, lets the right people in, checks what they bring, answers.

import type { z } from 'zod'
import { GatewayError, invalid } from '../../core/error.ts'
import { readBody } from '../body.ts'
import { type Context, sendJson } from '../context.ts'
import type { AdminCall, AdminRoute } from './admin-route.ts'
import { auditRoutes } from './audit.ts'
import { callRoutes } from './calls.ts'
import { configRoutes } from './config.ts'
import { overviewRoutes } from './overview.ts'
import { registryRoutes } from './registry.ts'
import { routeRoutes } from './routes.ts'
import type { AdminServices } from './services.ts'
import { sessionRoutes } from './session.ts'
import { settingRoutes } from './settings.ts'

export const adminRoutes: readonly AdminRoute[] = [
  ...overviewRoutes,
  ...registryRoutes,
  ...routeRoutes,
  ...callRoutes,
  ...configRoutes,
  ...settingRoutes,
  ...auditRoutes,
  ...sessionRoutes,
]

/** A configuration file is the largest thing anybody sends here. */
const BODY_CAP = 2 * 1024 * 1024

interface Found {
  row: AdminRoute
  params: Record<string, string>
}

const compiled = adminRoutes.map((row) => ({ row, steps: row.path.split('/') }))

function match(steps: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  // A model name may hold slashes, so the last {name} of a path takes whatever is left.
  const last = steps.at(-1) ?? ''
  const open = last.startsWith('{')
  if (open ? path.length < steps.length : path.length !== steps.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, step] of steps.entries()) {
    const given = path[index] as string
    if (!step.startsWith('{')) {
      if (step !== given) return undefined
      continue
    }
    const rest = index === steps.length - 1 ? path.slice(index).join('/') : given
    if (rest === '') return undefined
    params[step.slice(1, -1)] = decoded(rest)
  }
  return params
}

/** A malformed escape stands for itself: nothing has that name. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function find(method: string, pathname: string): Found | { methods: string[] } {
  const path = pathname.replace(/\/+$/, '').split('/')
  const verb = method === 'HEAD' ? 'GET' : method
  const here = compiled.flatMap(({ row, steps }): (Found & { fixed: number })[] => {
    const params = match(steps, path)
    return params ? [{ row, params, fixed: steps.filter((step) => !step.startsWith('{')).length }] : []
  })
  // `/registry/scan` is a path of its own before it is an endpoint's id.
  const best = here
    .filter(({ row }) => row.method === verb)
    .reduce<(typeof here)[number] | undefined>((a, b) => (a && a.fixed >= b.fixed ? a : b), undefined)
  return best ?? { methods: [...new Set(here.map(({ row }) => row.method))] }
}

/** Answers a request below /api/v1/. Failures are thrown. */
export async function serveAdmin(context: Context, services: AdminServices): Promise<void> {
  const { request } = context
  const method = request.method ?? 'GET'
  const found = find(method, context.url.pathname)
  // Who may not be here does not learn what is here.
  const open = 'row' in found && found.row.open === true
  const actor = open
    ? { name: 'anonymous', from: request.socket.remoteAddress ?? '' }
    : services.access.admit(request)
  if (!('row' in found)) {
    const { pathname } = context.url
    throw found.methods.length > 0
      ? new GatewayError(
          'not_found',
          `no ${method} ${pathname} here; use ${found.methods.join(' or ')} there`,
          {
            status: 405,
            code: 'method_not_allowed',
          },
        )
      : new GatewayError('not_found', `no ${method} ${pathname} here; GET /openapi.json lists the admin API`)
  }
  const { row, params } = found
  const call: AdminCall<unknown> = {
    ...services,
    params,
    query: context.url.searchParams,
    body: await bodyOf(context, row),
    actor,
    check: (tag) => checkTag(request.headers['if-match'], tag),
    context,
  }
  const answer = await row.handler(call)
  if (!answer) return
  const tag = answer.etag
  const headers = {
    'cache-control': 'no-store',
    ...(tag === undefined ? {} : { etag: tag }),
    ...answer.headers,
  }
  if (method === 'GET' && tag !== undefined && request.headers['if-none-match'] === tag) {
    context.response.writeHead(304, { 'x-request-id': context.id, ...headers })
    context.response.end()
    return
  }
  sendJson(context, answer.status ?? 200, answer.body, headers)
}

function checkTag(given: string | undefined, tag: string): void {
  if (given === undefined || given.trim() === '*') return
  if (given.split(',').some((one) => one.trim() === tag)) return
  throw new GatewayError('invalid_request', 'it was changed by somebody else since you read it; look again', {
    status: 412,
    code: 'precondition_failed',
  })
}

async function bodyOf(context: Context, row: AdminRoute): Promise<unknown> {
  if (row.method === 'GET' || row.method === 'DELETE') return undefined
  const bytes = await readBody(context.request, BODY_CAP)
  let value: unknown
  if (bytes.length === 0 && row.bodyOptional === true) value = {}
  else
    try {
      value = JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw new GatewayError('invalid_request', 'the request body is not valid JSON', { cause })
    }
  if (!row.body) return undefined
  const parsed = row.body.safeParse(value)
  if (parsed.success) return parsed.data
  throw refusal(parsed.error.issues[0], row.body)
}

function refusal(issue: z.core.$ZodIssue | undefined, schema: z.ZodType): GatewayError {
  if (!issue) return invalid(null, 'the request body is not valid')
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
    const known = 'shape' in schema ? Object.keys(schema.shape as object) : []
    const name = issue.keys[0] ?? ''
    return invalid(name, `unknown member "${name}"${known.length > 0 ? ` (known: ${known.join(', ')})` : ''}`)
  }
  const path = issue.path.map(String).join('.')
  return invalid(
    path === '' ? null : path,
    path === '' ? 'the request body must be a JSON object' : `${path}: ${issue.message}`,
  )
}
