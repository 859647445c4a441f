// `trunkline keys` and `trunkline usage`: what a running gateway knows of virtual keys and spend. A gateway that has no
// such thing is said to have none.

import { Command } from 'commander'
import { type GatewayOptions, askGateway, needGateway, rowsOf, withGatewayOptions } from './gateway-api.ts'
import { failed, say, sayJson, table } from './terminal.ts'

export function keysCommand(): Command {
  return new Command('keys')
    .description('virtual keys of a running gateway')
    .addCommand(
      withGatewayOptions(new Command('list').description('list them')).action(
        list('/api/v1/keys', 'virtual keys'),
      ),
    )
    .addCommand(
      withGatewayOptions(new Command('create').description('make one; its value is shown once'))
        .argument('[name]', 'what it is called')
        .option('--models <names>', 'models it may use, separated by commas')
        .option('--team <id>', 'team it belongs to')
        .option('--budget <usd>', 'most it may spend')
        .action(create),
    )
    .addCommand(
      withGatewayOptions(new Command('revoke').description('end one at once'))
        .argument('<id>', 'its id')
        .action(revoke),
    )
}

export function usageCommand(): Command {
  return withGatewayOptions(new Command('usage').description('what was used, of a running gateway'))
    .option('--by <dimension>', 'group by key, team, model or endpoint')
    .option('--since <time>', 'from this ISO time on')
    .action(async (options: GatewayOptions & { by?: string; since?: string }) => {
      const query = new URLSearchParams()
      if (options.by !== undefined) query.set('group_by', options.by)
      if (options.since !== undefined) query.set('from', options.since)
      const tail = query.size === 0 ? '' : `?${query.toString()}`
      await list(`/api/v1/usage${tail}`, 'usage records')(options)
    })
}

function list(path: string, what: string): (options: GatewayOptions) => Promise<void> {
  return async (options) => {
    const said = await askGateway(options, 'GET', path)
    if (said.status === 404) return failed(new Error(`this gateway keeps no ${what}`))
    if (said.problem !== undefined) return failed(new Error(said.problem))
    if (options.json === true) return sayJson(said.body)
    printRows(rowsOf(said.body), what)
  }
}

async function create(
  name: string | undefined,
  options: GatewayOptions & { models?: string; team?: string; budget?: string },
): Promise<void> {
  const body = {
    ...(name === undefined ? {} : { name }),
    ...(options.models === undefined ? {} : { models: options.models.split(',').map((one) => one.trim()) }),
    ...(options.team === undefined ? {} : { team: options.team }),
    ...(options.budget === undefined ? {} : { budget: { usd: Number(options.budget) } }),
  }
  const said = await askGateway(options, 'POST', '/api/v1/keys', body)
  if (said.status === 404) return failed(new Error('this gateway keeps no virtual keys'))
  if (said.problem !== undefined) return failed(new Error(said.problem))
  sayJson(said.body)
}

async function revoke(id: string, options: GatewayOptions): Promise<void> {
  try {
    await needGateway(options, 'DELETE', `/api/v1/keys/${encodeURIComponent(id)}`)
    if (options.json === true) sayJson({ ok: true, id })
    else say(`revoked ${id}`)
  } catch (thrown) {
    failed(thrown)
  }
}

/** Rows as they are: the columns are the members that hold something plain. */
function printRows(rows: readonly Record<string, unknown>[], what: string): void {
  const plain = (value: unknown): boolean =>
    value === null || ['string', 'number', 'boolean'].includes(typeof value)
  const columns = [
    ...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => plain(row[name])))),
  ].slice(0, 8)
  if (rows.length === 0) return say(`no ${what}`)
  say(
    table(
      columns,
      rows.map((row) => columns.map((name) => cell(row[name]))),
    ),
  )
}

function cell(value: unknown): string {
  return typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? '-'
      : JSON.stringify(value)
}
