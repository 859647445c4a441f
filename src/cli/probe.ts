// `trunkline probe`: is one endpoint usable, and on request, what can it do?

import { Command } from 'commander'
import { createClient } from '../client/client.ts'
import { LlmError } from '../client/errors.ts'
import { type TargetOptions, clientOptions } from './target.ts'
import { complain, failed, paint, say, sayJson, table, withProgress } from './terminal.ts'

interface ProbeOptions extends TargetOptions {
  features?: boolean
  json?: boolean
}

export function command(): Command {
  return new Command('probe')
    .description(
      'ask one endpoint for its models and a chat; --features tries what else works, with evidence',
    )
    .argument('[endpoint]', 'name of a configured endpoint or provider, or an address')
    .option('-c, --config <file>', 'configuration file')
    .option('--url <url>', 'address of the endpoint')
    .option('--provider <name>', 'which kind it is')
    .option('--key <key>', 'key to present')
    .option('--model <name>', 'model to ask')
    .option('--features', 'try streaming, tools, JSON and embeddings too; costs tokens')
    .option('--json', 'print one JSON object')
    .action(probe)
}

async function probe(name: string | undefined, options: ProbeOptions): Promise<void> {
  const client = createClient({
    ...(options.config === undefined ? {} : { config: options.config }),
    onWarning: (message) => complain(paint.yellow(message)),
  })
  try {
    const report = await withProgress('probing', () =>
      client.probe({ ...clientOptions(name, options), features: options.features === true }),
    )
    process.exitCode = report.ok ? 0 : 1
    if (options.json === true) return sayJson(report)
    say(`${paint.bold(report.provider)}  ${report.baseUrl}  ${report.latencyMs} ms`)
    say(report.ok ? paint.green('ok') : paint.red(`fails at step "${report.failedStep}": ${report.reason}`))
    if (report.models.length > 0)
      say(`${report.models.length} models: ${report.models.slice(0, 20).join(', ')}`)
    if (report.features)
      say(
        `\n${table(
          ['feature', 'works', 'evidence'],
          report.features.map(({ feature, works, evidence }) => [feature, works ? 'yes' : 'no', evidence]),
        )}`,
      )
    if (!report.ok) say('trunkline doctor names the failing step and its remedy')
  } catch (thrown) {
    if (!(thrown instanceof LlmError)) throw thrown
    failed(thrown)
  } finally {
    await client.close()
  }
}
