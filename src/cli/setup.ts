// `trunkline setup <client>`: points a coding tool or chat front at a gateway, and takes that back with --undo.

import { homedir } from 'node:os'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { type GatewayOptions, gatewayModels, rootOf, withGatewayOptions } from './gateway-api.ts'
import { CLIENTS, type ClientSetup, type Facts } from './setup/clients.ts'
import { textOf, undo, writeChanged } from './setup/files.ts'
import { failed, paint, say, sayJson } from './terminal.ts'

const LOOK_MS = 2_000

interface SetupOptions extends GatewayOptions {
  model?: string
  print?: boolean
  undo?: boolean
  force?: boolean
}

export function command(): Command {
  return withGatewayOptions(
    new Command('setup')
      .description('point a client at a gateway: writes its configuration, or prints it')
      .addArgument(new Argument('<client>', 'which one').choices(Object.keys(CLIENTS))),
  )
    .option('--model <name>', 'model it shall use (default: the first the gateway serves)')
    .option('--print', 'print what would be written')
    .option('--undo', 'put back what stood there before')
    .option('--force', 'with --undo: even where the file was changed since')
    .action(setup)
}

async function setup(name: string, options: SetupOptions): Promise<void> {
  const client = CLIENTS[name] as ClientSetup
  try {
    if (options.undo === true) return takeBack(client, options)
    const facts = await factsOf(options)
    const files = client.files.map(({ path, change }) => {
      const full = join(homedir(), path)
      try {
        return { path: full, text: change(textOf(full), facts) }
      } catch (thrown) {
        throw new Error(`${full}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
          cause: thrown,
        })
      }
    })
    if (options.print !== true) for (const { path, text } of files) writeChanged(path, text)
    const hints = client.say(facts)
    if (options.json === true)
      return sayJson({ client: name, written: options.print !== true, files, say: hints })
    for (const { path, text } of files)
      if (options.print === true) say(`${paint.dim(`# ${path}`)}\n${text.trimEnd()}\n`)
      else say(`wrote ${path}`)
    for (const hint of hints) say(hint)
    if (options.print !== true && files.length > 0)
      say(paint.dim(`take it back with: trunkline setup ${name} --undo`))
  } catch (thrown) {
    failed(thrown)
  }
}

function takeBack(client: ClientSetup, options: SetupOptions): void {
  const rows = client.files.map(({ path }) => {
    const full = join(homedir(), path)
    return { path: full, result: undo(full, options.force === true) }
  })
  if (rows.some(({ result }) => result === 'changed since')) process.exitCode = 1
  if (options.json === true) return sayJson(rows)
  for (const { path, result } of rows)
    say(
      result === 'changed since'
        ? `${path} was changed since; --force puts back what stood there before`
        : `${path}: ${result}`,
    )
  if (rows.length === 0) say(`nothing was written for ${client.title}`)
}

async function factsOf(options: SetupOptions): Promise<Facts> {
  const url = rootOf(options)
  // The client's own key: never the admin's.
  const key = options.key ?? process.env.TRUNKLINE_API_KEY ?? process.env.TRUNKLINE_MASTER_KEY ?? ''
  // A model that was named may be written down before its gateway runs; then nothing more is known of it.
  const { names, rows, problem } = await gatewayModels(
    { ...options, key },
    options.model === undefined ? undefined : LOOK_MS,
  )
  const model = options.model ?? names[0]
  if (model === undefined)
    throw new Error(`${problem ?? 'the gateway serves no model'}; or name one with --model`)
  const row = rows.find(({ id }) => id === model)
  const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)
  const contextTokens = count(row?.context_length)
  const outputTokens = count(row?.max_output_tokens)
  return {
    url,
    key,
    model,
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  }
}
