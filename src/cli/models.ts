// `trunkline models`: what a gateway serves, or, without one, what the configured endpoints list themselves.

import { Command } from 'commander'
import { createClient } from '../client/client.ts'
import { type GatewayOptions, askGateway, rowsOf, withGatewayOptions } from './gateway-api.ts'
import { clientOptions, lookAround } from './target.ts'
import { complain, failed, paint, say, sayJson, table, withProgress } from './terminal.ts'

interface ModelsOptions extends GatewayOptions {
  config?: string
  direct?: boolean
}

interface Row {
  id: string
  context: number | null
  maxOutput: number | null
  abilities: string[]
  price: string | null
  source: string
}

export function command(): Command {
  return withGatewayOptions(
    new Command('models')
      .description('list models with context, abilities, price and source')
      .argument('[endpoint]', 'ask this endpoint or provider directly instead of a gateway')
      .option('-c, --config <file>', 'configuration file')
      .option('--direct', 'ask every configured endpoint directly, whether or not a gateway runs'),
  ).action(models)
}

async function models(name: string | undefined, options: ModelsOptions): Promise<void> {
  try {
    const rows = await withProgress('asking for models', async () => {
      if (name === undefined && options.direct !== true) {
        const served = await fromGateway(options)
        if (served) return served
      }
      return direct(name, options)
    })
    if (options.json === true) return sayJson(rows)
    if (rows.length === 0) return say('no models')
    const shown = rows.map(({ id, context, maxOutput, abilities, price, source }) => [
      id,
      tokens(context),
      tokens(maxOutput),
      abilities.join(' ') || '-',
      price ?? 'unknown',
      source,
    ])
    say(table(['model', 'context', 'output', 'abilities', 'price in/out per 1M', 'source'], shown))
  } catch (thrown) {
    failed(thrown)
  }
}

/** undefined: no gateway answers, which is told once. */
async function fromGateway(options: ModelsOptions): Promise<Row[] | undefined> {
  const admin = await askGateway(options, 'GET', '/api/v1/models')
  const said = admin.problem === undefined ? admin : await askGateway(options, 'GET', '/v1/models')
  if (said.status === 0) {
    complain(paint.dim(`${said.problem}; asking the configured endpoints directly`))
    return undefined
  }
  if (said.problem !== undefined) throw new Error(said.problem)
  return rowsOf(said.body).map((row) => ({
    id: String(row.id),
    context: number(row.context_tokens ?? row.context_length),
    maxOutput: number(row.max_output_tokens),
    abilities: Array.isArray(row.abilities) ? row.abilities.map(String) : [],
    price: priceOf(row.price ?? row.pricing),
    source: Array.isArray(row.endpoints)
      ? row.endpoints.join(', ')
      : typeof row.owned_by === 'string'
        ? row.owned_by
        : '',
  }))
}

async function direct(name: string | undefined, options: ModelsOptions): Promise<Row[]> {
  const warn = (message: string): void => complain(paint.yellow(message))
  const around = await lookAround(options.config, warn)
  const names = name === undefined ? (around.config?.endpoints.map(({ id }) => id) ?? []) : [name]
  const client = createClient({
    ...(options.config === undefined ? {} : { config: options.config }),
    onWarning: warn,
  })
  try {
    const lists = await Promise.all(
      names.map(async (one) => ({ one, list: await client.listModels(clientOptions(one, {})) })),
    )
    return lists.flatMap(({ one, list }) => {
      if (!list.live)
        complain(
          paint.yellow(
            `${one}: ${list.reason ?? 'no list'}${list.models.length > 0 ? '; its declared names are shown' : ''}`,
          ),
        )
      return list.models.map(
        ({ id, live }): Row => ({
          id,
          context: null,
          maxOutput: null,
          abilities: [],
          price: null,
          source: live ? one : `${one} (declared)`,
        }),
      )
    })
  } finally {
    await client.close()
  }
}

function number(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function tokens(count: number | null): string {
  if (count === null) return '-'
  return count >= 1_000 ? `${Math.round(count / 1_000)}k` : String(count)
}

function priceOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  const { input, output } = value as Record<string, unknown>
  return typeof input === 'number' && typeof output === 'number' ? `$${input} / $${output}` : null
}
