// `trunkline bench`: a quick look at one's own installation, not a benchmark of the product: how long calls take through
// the gateway, how much of that the gateway itself says it needs, and whether streams flow.

import { Command, InvalidArgumentError } from 'commander'
import { createClient } from '../client/client.ts'
import { type GatewayOptions, gatewayModels, keyOf, rootOf, withGatewayOptions } from './gateway-api.ts'
import { failed, paint, say, sayJson, table, withProgress } from './terminal.ts'

interface BenchOptions extends GatewayOptions {
  model?: string
  calls: number
}

export function command(): Command {
  return withGatewayOptions(
    new Command('bench').description('time some calls and streams through a running gateway'),
  )
    .option('--model <name>', 'model to call (default: the first that is served); costs tokens')
    .option('-n, --calls <count>', 'how many whole calls, and a quarter as many streams', count, 20)
    .action(bench)
}

async function bench(options: BenchOptions): Promise<void> {
  try {
    const model = options.model ?? (await firstModel(options))
    const key = keyOf(options)
    const client = createClient({
      config: false,
      provider: 'trunkline',
      baseUrl: rootOf(options),
      ...(key === undefined ? {} : { apiKey: key }),
      model,
      retry: { maxAttempts: 1 },
    })
    const request = { messages: [{ role: 'user' as const, content: 'Count from 1 to 20.' }], max_tokens: 64 }
    const whole: number[] = []
    const own: number[] = []
    const first: number[] = []
    const gaps: number[] = []
    await withProgress(`calling ${model}`, async (tell) => {
      for (let at = 0; at < options.calls; at++) {
        tell(`call ${at + 1} of ${options.calls}`)
        const started = performance.now()
        const { headers } = await client.chat(request)
        whole.push(performance.now() - started)
        const overhead = Number(headers['x-trunkline-overhead-ms'])
        if (!Number.isNaN(overhead)) own.push(overhead)
      }
      for (let at = 0; at < Math.max(1, Math.floor(options.calls / 4)); at++) {
        tell(`stream ${at + 1}`)
        let last = performance.now()
        let pieces = 0
        for await (const event of client.stream(request)) {
          if (event.type !== 'text' && event.type !== 'reasoning') continue
          const now = performance.now()
          ;(pieces++ === 0 ? first : gaps).push(now - last)
          last = now
        }
      }
    })
    await client.close()
    const rows = {
      'whole call': whole,
      'gateway before the upstream': own,
      'first piece of a stream': first,
      'between pieces': gaps,
    }
    const summary = Object.fromEntries(
      Object.entries(rows).map(([name, values]) => [name, summarise(values)]),
    )
    if (options.json === true) return sayJson({ model, url: rootOf(options), ms: summary })
    say(paint.bold(`${model} at ${rootOf(options)}`))
    say(
      table(
        ['ms', 'count', 'median', 'p95', 'worst'],
        Object.entries(summary).map(([name, s]) => [
          name,
          String(s.count),
          ms(s.median),
          ms(s.p95),
          ms(s.worst),
        ]),
      ),
    )
  } catch (thrown) {
    failed(thrown)
  }
}

async function firstModel(options: GatewayOptions): Promise<string> {
  const { names, problem } = await gatewayModels(options)
  const [name] = names
  if (name === undefined) throw new Error(problem ?? 'the gateway serves no model; name one with --model')
  return name
}

interface Summary {
  count: number
  median: number | null
  p95: number | null
  worst: number | null
}

function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number | null =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
  return { count: sorted.length, median: at(0.5), p95: at(0.95), worst: sorted.at(-1) ?? null }
}

function ms(value: number | null): string {
  return value === null ? '-' : value.toFixed(value < 10 ? 2 : 0)
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > 10_000)
    throw new InvalidArgumentError('Give a whole number from 1 to 10000.')
  return value
}
