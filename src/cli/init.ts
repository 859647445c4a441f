// `trunkline config init`: a first trunkline.yaml, asked for question by question, or with --yes from what is found.

import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { stringify } from 'yaml'
import { providers } from '../providers/index.ts'
import { scan } from '../upstream/discovery/scan.ts'
import { complain, failed, say, withProgress } from './terminal.ts'

interface InitOptions {
  yes?: boolean
  force?: boolean
  print?: boolean
  scan: boolean
}

interface Choice {
  id: string
  title: string
  entry: Record<string, unknown>
}

export function initCommand(): Command {
  return new Command('init')
    .description('write a first trunkline.yaml from what is found here: local servers, key variables')
    .option('-y, --yes', 'ask nothing: take everything that is found')
    .option('--force', 'overwrite an existing trunkline.yaml')
    .option('--print', 'print it instead of writing it')
    .option('--no-scan', 'look for no local servers')
    .action(init)
}

async function init(options: InitOptions): Promise<void> {
  const path = join(process.cwd(), 'trunkline.yaml')
  if (existsSync(path) && options.force !== true && options.print !== true)
    return failed(
      new Error('trunkline.yaml exists; --force overwrites it, --print shows what would be written'),
    )
  if (options.yes !== true && options.print !== true && !process.stdin.isTTY)
    return failed(new Error('no terminal to ask on; --yes takes everything that is found'))
  const choices = [...(options.scan ? await local() : []), ...fromEnvironment()]
  const chosen = options.yes === true || options.print === true ? choices : await asked(choices)
  if (!chosen) return complain('nothing was written')
  const text = fileOf(chosen)
  if (options.print === true) return say(text.trimEnd())
  writeFileSync(path, text, { mode: 0o640 })
  say(`wrote ${path}: ${chosen.length} endpoints`)
  say(`next:  export TRUNKLINE_MASTER_KEY=sk-${randomBytes(12).toString('hex')}`)
  say('       trunkline config check && trunkline serve')
}

async function local(): Promise<Choice[]> {
  const { found } = await withProgress('looking for local model servers', () =>
    scan({ peers: [], instance: '', ownPort: 4000, warn: complain, limitMs: 800 }),
  )
  return found
    .filter(({ locked }) => !locked)
    .map(({ kind, record, title, baseUrl, models }) => ({
      id: kind,
      title: `${title} at ${baseUrl} (${models.length} models)`,
      entry: { provider: record, base_url: baseUrl },
    }))
}

/** One endpoint per provider whose key variable is set; the key stays in the environment. */
function fromEnvironment(): Choice[] {
  return providers.flatMap(({ id, title, env, base }) => {
    const variable = env.key.find((name) => (process.env[name] ?? '') !== '')
    if (variable === undefined || base === undefined) return []
    return [{ id, title: `${title} (${variable} is set)`, entry: { provider: id, api_key_env: variable } }]
  })
}

async function asked(choices: readonly Choice[]): Promise<Choice[] | undefined> {
  const prompts = await import('@clack/prompts')
  prompts.intro('Trunkline: a first configuration')
  const chosen: Choice[] = []
  if (choices.length > 0) {
    const ids = await prompts.multiselect({
      message: 'Found here. Which of them shall be served?',
      options: choices.map(({ id, title }) => ({ value: id, label: title })),
      initialValues: choices.map(({ id }) => id),
      required: false,
    })
    if (prompts.isCancel(ids)) return undefined
    chosen.push(...choices.filter(({ id }) => ids.includes(id)))
  } else prompts.log.info('No local model server and no key variable was found.')
  const address = await prompts.text({
    message: 'Another address? (OpenAI-compatible, e.g. http://10.0.0.7:8000/v1; empty: none)',
    defaultValue: '',
  })
  if (prompts.isCancel(address)) return undefined
  if (address.trim() !== '')
    chosen.push({
      id: 'server',
      title: address,
      entry: { provider: 'openai-compatible', base_url: address.trim() },
    })
  prompts.outro(`${chosen.length} endpoints`)
  return chosen
}

function fileOf(chosen: readonly Choice[]): string {
  const endpoints = Object.fromEntries(chosen.map(({ id, entry }) => [id, entry]))
  const head = `# Trunkline. Every key: docs/reference/config.md; check with: trunkline config check
server:
  host: 127.0.0.1
  port: 4000
  # Callers present this key; without the variable nobody is asked for one.
  master_key: \${TRUNKLINE_MASTER_KEY:-}
`
  if (chosen.length === 0)
    return `${head}
endpoints: {}
  # local: { provider: ollama }
  # cloud: { provider: openai, api_key_env: OPENAI_API_KEY }
`
  return `${head}\n${stringify({ endpoints })}`
}
