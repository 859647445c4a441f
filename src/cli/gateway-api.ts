// A running gateway as the command line asks it: plain HTTP, one key, short limits. Nothing of the server is loaded.

import type { Command } from 'commander'
import { asString, isObject } from '../core/json.ts'

export interface GatewayOptions {
  url: string
  key?: string
  json?: boolean
}

/** The options every command that talks to a running gateway has. */
export function withGatewayOptions(command: Command): Command {
  return command
    .option('--url <url>', 'address of the gateway', process.env.TRUNKLINE_URL ?? 'http://127.0.0.1:4000')
    .option(
      '--key <key>',
      'key to present (default: TRUNKLINE_ADMIN_KEY, TRUNKLINE_MASTER_KEY or LITELLM_MASTER_KEY)',
    )
    .option('--json', 'print one JSON value')
}

export interface Said {
  /** 0: no answer. */
  status: number
  body: unknown
  /** Why it is not what was asked for. */
  problem?: string
  headers: Headers
}

export function keyOf(options: GatewayOptions): string | undefined {
  const { env } = process
  return options.key ?? env.TRUNKLINE_ADMIN_KEY ?? env.TRUNKLINE_MASTER_KEY ?? env.LITELLM_MASTER_KEY
}

export function rootOf({ url }: GatewayOptions): string {
  const bare = url.replace(/\/+$/, '').replace(/\/v1$/, '')
  return /^https?:\/\//.test(bare) ? bare : `http://${bare}`
}

/** Never throws: what went wrong is in `problem`. */
export async function askGateway(
  options: GatewayOptions,
  method: string,
  path: string,
  body?: unknown,
  limitMs = 10_000,
): Promise<Said> {
  const key = keyOf(options)
  const url = `${rootOf(options)}${path}`
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...(key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(limitMs),
    })
    const text = await response.text()
    const parsed = parse(text)
    if (response.ok) return { status: response.status, body: parsed, headers: response.headers }
    return {
      status: response.status,
      body: parsed,
      headers: response.headers,
      problem: `${method} ${path}: HTTP ${response.status}: ${messageOf(parsed) ?? text.slice(0, 200)}`,
    }
  } catch (thrown) {
    return {
      status: 0,
      body: undefined,
      headers: new Headers(),
      problem: `no gateway answers at ${rootOf(options)}: ${reason(thrown)}; start one with: trunkline serve`,
    }
  }
}

/** The body of a good answer. @throws Error with what is wrong and the remedy. */
export async function needGateway(
  options: GatewayOptions,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const said = await askGateway(options, method, path, body)
  if (said.problem === undefined) return said.body
  const hint =
    said.status === 401 || said.status === 403 ? '; give the key with --key or TRUNKLINE_MASTER_KEY' : ''
  throw new Error(`${said.problem}${hint}`)
}

/** The rows of a list answer, whatever it calls them. */
export function rowsOf(body: unknown): Record<string, unknown>[] {
  const list: unknown = isObject(body) ? (body.data ?? Object.values(body).find(Array.isArray)) : body
  return Array.isArray(list) ? list.filter(isObject) : []
}

/** The models of a running gateway as it lists them, or why there are none. */
export async function gatewayModels(
  options: GatewayOptions,
  limitMs?: number,
): Promise<{ names: string[]; rows: Record<string, unknown>[]; problem?: string }> {
  const said = await askGateway(options, 'GET', '/v1/models', undefined, limitMs)
  if (said.problem !== undefined) return { names: [], rows: [], problem: said.problem }
  const rows = rowsOf(said.body)
  return { names: rows.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])), rows }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function messageOf(body: unknown): string | undefined {
  return isObject(body) && isObject(body.error) ? asString(body.error.message) : undefined
}

function reason(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause ? `${String(cause.code)} ${cause.message}`.trim() : cause.message
}
