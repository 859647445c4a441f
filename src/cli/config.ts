// `trunkline config`: check a configuration, show what it comes to, plan a change, start one.

import { Command } from 'commander'
import { stringify } from 'yaml'
import { type Config, ConfigError, type ConfigProblem, formatProblem } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { planChanges } from '../config/plan.ts'
import { Secret } from '../core/secret.ts'
import { effectiveEndpoint } from '../server/admin/effective-config.ts'
import { rekeyCommand } from './config-rekey.ts'
import { importCommand } from './import.ts'
import { initCommand } from './init.ts'
import { complain, failed, paint, say, sayJson, table } from './terminal.ts'

interface CheckOptions {
  strict?: boolean
  json?: boolean
}

export function command(): Command {
  return new Command('config')
    .description('check, show, plan, import and start a configuration')
    .addCommand(
      new Command('check')
        .description(
          'read a configuration and say everything that is wrong with it, with its place; exit code 0 or 1',
        )
        .argument('[file]', 'default: trunkline.yaml, config.yaml or config/llm.yaml here')
        .option('--strict', 'unknown keys are errors')
        .option('--json', 'print one JSON object')
        .action(check),
    )
    .addCommand(
      new Command('show')
        .description('what all sources together come to; credentials show as [secret]')
        .argument('[file]', 'configuration file')
        .option('--levels', 'which level supplied each setting')
        .option('--json', 'print JSON instead of YAML')
        .action(show),
    )
    .addCommand(
      new Command('plan')
        .description('what another file would change')
        .argument('<file>', 'the configuration that would come')
        .option('-c, --config <file>', 'the configuration in force')
        .option('--json', 'print one JSON object')
        .action(plan),
    )
    .addCommand(importCommand())
    .addCommand(initCommand())
    .addCommand(rekeyCommand())
}

function load(file: string | undefined, strict = false): Config {
  const here = { cwd: process.cwd(), env: process.env }
  return loadConfig({ ...here, strict, ...(file === undefined ? {} : { file }) })
}

/** The configuration, or all that is wrong with it. */
function tried(file: string | undefined, strict: boolean): { config?: Config; problems: ConfigProblem[] } {
  try {
    const config = load(file, strict)
    return { config, problems: config.problems }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    return { problems: thrown.problems }
  }
}

function check(file: string | undefined, options: CheckOptions): void {
  const { config, problems } = tried(file, options.strict === true)
  process.exitCode = config ? 0 : 1
  if (options.json === true)
    return sayJson({ ok: config !== undefined, files: config?.files ?? [], problems })
  for (const problem of problems)
    complain(
      problem.severity === 'error' ? paint.red(formatProblem(problem)) : paint.yellow(formatProblem(problem)),
    )
  if (!config) return complain(`${problems.filter(({ severity }) => severity === 'error').length} errors`)
  const files = config.files.length === 0 ? 'no file; environment only' : config.files.join(', ')
  say(`${paint.green('ok')}: ${config.endpoints.length} endpoints, ${config.routes.length} routes (${files})`)
}

function show(file: string | undefined, options: { levels?: boolean; json?: boolean }): void {
  const { config, problems } = tried(file, false)
  if (!config) return failed(new ConfigError(problems))
  if (options.levels === true) return levels(config, options.json === true)
  const settings: Record<string, Record<string, unknown>> = {}
  for (const [key, { value }] of config.settings ?? []) {
    const [block = '', name = ''] = key.split('.')
    if (value !== undefined) (settings[block] ??= {})[name] = value instanceof Secret ? '[secret]' : value
  }
  const whole = {
    ...settings,
    endpoints: Object.fromEntries(
      config.endpoints.map((endpoint) => [endpoint.id, effectiveEndpoint(endpoint)]),
    ),
    routes: Object.fromEntries(
      config.routes.map(({ name, strategy, targets, fallback }) => [
        name,
        {
          strategy,
          targets: targets.map(({ endpoint, model, weight }) => ({ to: `${endpoint}/${model}`, weight })),
          fallback,
        },
      ]),
    ),
    aliases: config.aliases,
    ...(config.defaultModel === undefined ? {} : { default_model: config.defaultModel }),
  }
  // Through JSON: members that are undefined are not there, and whatever prints as a secret stays one.
  const plain: unknown = JSON.parse(JSON.stringify(whole))
  if (options.json === true) sayJson(plain)
  else say(stringify(plain, { lineWidth: 110 }).trimEnd())
}

function levels(config: Config, json: boolean): void {
  const rows = [...(config.settings?.values() ?? [])].map((row) => ({
    key: row.key,
    value: row.value instanceof Secret ? '[secret]' : (row.value ?? null),
    level: row.level,
    from: row.from ?? null,
  }))
  if (json) return sayJson(rows)
  say(
    table(
      ['setting', 'value', 'level', 'from'],
      rows.map(({ key, value, level, from }) => [key, JSON.stringify(value), level, from ?? '']),
    ),
  )
}

function plan(file: string, options: { config?: string; json?: boolean }): void {
  const before = tried(options.config, false)
  const after = tried(file, false)
  if (!after.config) return failed(new ConfigError(after.problems))
  if (!before.config) return failed(new ConfigError(before.problems))
  const planned = planChanges(before.config, after.config)
  if (options.json === true) return sayJson(planned)
  if (planned.changes.length === 0) return say('nothing changes')
  const MARKS = { added: paint.green('+'), removed: paint.red('-'), changed: paint.yellow('~') }
  for (const { kind, what, id, fields } of planned.changes) {
    say(`${MARKS[kind]} ${what} ${paint.bold(id)}`)
    if (kind === 'changed')
      for (const { field, before: old, after: next } of fields)
        say(`    ${field}: ${JSON.stringify(old) ?? 'absent'} -> ${JSON.stringify(next) ?? 'absent'}`)
  }
  if (planned.restart.length > 0)
    say(paint.dim(`takes effect at the next start: ${planned.restart.join(', ')}`))
}
