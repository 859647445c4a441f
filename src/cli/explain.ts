// `trunkline explain <request-id>`: why a call went where it went. Reads the decision record of a running gateway and
// tells it as a story: the candidates, the attempts, the waits, the end. Without an id: the latest calls.

import { Command } from 'commander'
import type { CallDetail, CallRow } from '../server/admin/schemas.ts'
import { failed, paint, say, sayJson, table } from './terminal.ts'

interface ExplainOptions {
  url: string
  key?: string
  json?: boolean
  failed?: boolean
  limit: string
}

const WAIT_MS = 5_000

export function command(): Command {
  return new Command('explain')
    .description('why a call went where it went: candidates, scores, attempts, waits and who ended it')
    .argument('[request-id]', 'the x-request-id of the answer; without it the latest calls are listed')
    .option('--url <url>', 'address of the gateway', process.env.TRUNKLINE_URL ?? 'http://127.0.0.1:4000')
    .option('--key <key>', 'key to present (default: TRUNKLINE_MASTER_KEY or LITELLM_MASTER_KEY)')
    .option('--failed', 'list only calls that failed')
    .option('--limit <n>', 'list at most so many', '20')
    .option('--json', 'print the record as it is')
    .addHelpText(
      'after',
      `
Examples:
  trunkline explain                      the latest calls, newest first
  trunkline explain --failed             those that failed
  trunkline explain req_3f2a             the whole story of one; the beginning of an id will do`,
    )
    .action(async (id: string | undefined, options: ExplainOptions) => {
      try {
        await explain(id, options)
      } catch (thrown) {
        failed(thrown)
      }
    })
}

async function explain(id: string | undefined, options: ExplainOptions): Promise<void> {
  const calls = `${options.url.replace(/\/+$/, '')}/api/v1/calls`
  if (id === undefined) {
    const status = options.failed === true ? '&status=failed' : ''
    const list = (await get(`${calls}?limit=${encodeURIComponent(options.limit)}${status}`, options)) as {
      data: CallRow[]
    }
    if (options.json === true) return sayJson(list.data)
    return say(list.data.length === 0 ? 'no calls are remembered' : overview(list.data))
  }
  const detail = (await get(
    `${calls}/${encodeURIComponent(await whole(id, calls, options))}`,
    options,
  )) as CallDetail
  if (options.json === true) sayJson(detail)
  else say(story(detail))
}

/** The full id for its beginning, where only one remembered call begins so. */
async function whole(id: string, calls: string, options: ExplainOptions): Promise<string> {
  if (id.length >= 36) return id
  const { data } = (await get(`${calls}?limit=1000`, options)) as { data: CallRow[] }
  const found = data.filter((row) => row.id.startsWith(id) || row.id.startsWith(`req_${id}`))
  if (found.length > 1 && !found.some((row) => row.id === id))
    throw new Error(
      `${found.length} calls begin with "${id}": ${found
        .slice(0, 5)
        .map((row) => row.id)
        .join(', ')}`,
    )
  return found[0]?.id ?? id
}

async function get(url: string, options: ExplainOptions): Promise<unknown> {
  const key = options.key ?? process.env.TRUNKLINE_MASTER_KEY ?? process.env.LITELLM_MASTER_KEY
  let response: Response
  try {
    response = await fetch(url, {
      headers: key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(WAIT_MS),
    })
  } catch (thrown) {
    const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
    throw new Error(
      `no gateway answers at ${options.url} (${cause instanceof Error ? cause.message : String(cause)}); name it with --url`,
      {
        cause: thrown,
      },
    )
  }
  const body = (await response.json()) as { error?: { message?: string } }
  if (!response.ok) throw new Error(body.error?.message ?? `${url} answered HTTP ${response.status}`)
  return body
}

function overview(rows: readonly CallRow[]): string {
  return table(
    ['request', 'at', 'model', 'endpoint', 'status', 'ms', 'tries', 'ended by', 'error'],
    rows.map((row) => [
      row.id,
      row.at.slice(11, 23),
      row.model ?? '-',
      row.endpoint ?? '-',
      row.state === 'done' ? String(row.status ?? '-') : 'under way',
      ms(row.ms),
      String(row.attempts),
      row.ended_by ?? '-',
      row.error?.kind ?? '',
    ]),
  )
}

/** The record of one call in words. */
export function story(call: CallDetail): string {
  const fallback = call.fallback === null ? '' : `, fallback ${call.fallback}`
  const lines = [
    `${paint.bold(call.id)}  ${call.at}`,
    `${call.operation}${call.stream ? ', streamed' : ''}, asked in ${call.dialect} for "${call.model ?? '-'}"`,
    `answered ${paint.bold(String(call.status ?? '-'))} by ${call.endpoint ?? 'nobody'}${call.upstream_model === null ? '' : ` (${call.upstream_model})`}${call.path === null ? '' : `, ${call.path}`}${fallback}`,
    `took ${ms(call.ms)} ms${call.first_byte_ms === null ? '' : `, first byte after ${ms(call.first_byte_ms)} ms`}${call.overhead_ms === null ? '' : `, of that ${ms(call.overhead_ms)} ms before the upstream was asked`}`,
    `ended by the ${call.ended_by ?? '-'} in phase ${call.phase}`,
  ]
  if (call.error) lines.push(`${paint.red(call.error.kind)}: ${call.error.message}`)
  if (call.input !== null || call.output !== null)
    lines.push(`tokens: ${call.input ?? '?'} in, ${call.output ?? '?'} out`)
  for (const pick of call.picks) {
    const because = pick.because === null ? '' : `, ${pick.because}`
    lines.push('', `route ${paint.bold(pick.route)}: ${pick.strategy}${because}`)
    const place = (index: number): string => {
      const at = pick.order.indexOf(index)
      return at < 0 ? 'out' : String(at + 1)
    }
    lines.push(
      table(
        ['order', 'deployment', 'score', 'why not'],
        pick.candidates.map((row, index) => [
          place(index),
          `${row.endpoint}/${row.model}`,
          row.score === null ? '-' : number(row.score),
          row.refused ?? '',
        ]),
      ),
    )
  }
  if (call.tries.length > 0)
    lines.push(
      '',
      table(
        ['after ms', 'attempt', 'deployment', 'first byte', 'ms', 'phase', 'status', 'outcome'],
        call.tries.map((row) => [
          ms(row.started_ms),
          row.reason,
          `${row.endpoint}/${row.model}`,
          row.first_byte_ms === null ? '-' : ms(row.first_byte_ms),
          row.ms === null ? '-' : ms(row.ms),
          row.phase,
          row.status === null ? '-' : String(row.status),
          `${row.outcome ?? 'under way'}${row.message === null ? '' : `: ${row.message}`}`,
        ]),
      ),
    )
  if (call.upload)
    lines.push(
      `upload: ${call.upload.bytes} bytes, at most ${call.upload.held_bytes} held${call.upload.repeatable ? '' : '; gone out too far to be sent again'}`,
    )
  for (const wait of call.waits)
    lines.push(`waited ${ms(wait.ms)} ms (${wait.why}${wait.place === null ? '' : `, place ${wait.place}`})`)
  for (const note of call.note_list) lines.push(`note: ${note.field} ${note.action}, ${note.why}`)
  return lines.join('\n')
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0)
}

function number(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
