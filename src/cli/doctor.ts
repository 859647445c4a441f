// `trunkline doctor`: why does this endpoint not work? Exit code 1 when a step fails; the first one is named with its
// remedy.

import { Command } from 'commander'
import { LlmError } from '../client/errors.ts'
import { type Diagnosis, type StepResult, diagnose } from './doctor/diagnose.ts'
import { type TargetOptions, clientOptions, lookAround } from './target.ts'
import { complain, paint, say, sayJson, withProgress } from './terminal.ts'

interface DoctorOptions extends TargetOptions {
  json?: boolean
  chat: boolean
  timeout: string
}

export function command(): Command {
  return new Command('doctor')
    .description('walk an endpoint step by step and name the first that fails, with its remedy')
    .argument(
      '[endpoint]',
      'name of a configured endpoint or provider, or an address (default: everything configured)',
    )
    .option('-c, --config <file>', 'configuration file')
    .option('--url <url>', 'address of the endpoint')
    .option('--provider <name>', 'which kind it is (default: openai-compatible for an address)')
    .option('--key <key>', 'key to present')
    .option('--model <name>', 'model to chat with (default: the configured one, or the first of the list)')
    .option('--ca-file <pem>', 'authority that signed the certificate')
    .option('--insecure', 'do not check the certificate')
    .option('--no-chat', 'spend no tokens: stop before the chat')
    .option('--timeout <seconds>', 'limit of each network step', '5')
    .option('--json', 'print one JSON object')
    .action(doctor)
}

async function doctor(name: string | undefined, options: DoctorOptions): Promise<void> {
  const found: Diagnosis[] = []
  const limitMs = Math.max(0.1, Number(options.timeout) || 5) * 1_000
  try {
    const around = await lookAround(options.config, (message) => {
      if (options.json !== true) complain(paint.yellow(message))
    })
    const param = clientOptions(name, options)
    const declared =
      around.config?.endpoints.filter(({ source }) => source === 'config' || source === 'env') ?? []
    const everything = param.provider === undefined && param.baseUrl === undefined && declared.length > 1
    const targets = everything ? declared.map(({ id }) => ({ ...param, provider: id })) : [param]
    for (const target of targets) {
      const { endpoint } = around.resolve(target)
      const run = { limitMs, chat: options.chat }
      found.push(
        await withProgress(`checking ${endpoint.id}`, (tell) => diagnose(endpoint, { ...run, tell })),
      )
    }
  } catch (thrown) {
    if (!(thrown instanceof LlmError)) throw thrown
    found.push(notConfigured(thrown))
  }
  const ok = found.every((one) => one.ok)
  if (options.json === true) sayJson({ ok, endpoints: found })
  else for (const one of found) print(one)
  process.exitCode = ok ? 0 : 1
}

/** What is wrong before anything can be asked. */
function notConfigured({ message, provider }: LlmError): Diagnosis {
  const step = /the URL "/.test(message) ? 'url' : 'config'
  const remedy =
    step === 'url'
      ? 'write it like http://127.0.0.1:8000/v1, without credentials, query or spaces'
      : 'trunkline config check shows every problem with its place'
  return {
    endpoint: provider ?? 'configuration',
    url: '',
    ok: false,
    failed: step,
    steps: [{ step, status: 'fail', detail: message, remedy }],
  }
}

const MARKS: Readonly<Record<StepResult['status'], (text: string) => string>> = {
  ok: paint.green,
  warn: paint.yellow,
  fail: paint.red,
  skip: paint.dim,
}

function print({ endpoint, url, steps, failed }: Diagnosis): void {
  say(paint.bold(`${endpoint}${url === '' ? '' : `  ${url}`}`))
  for (const { step, status, detail, remedy } of steps) {
    const word = status === 'fail' ? 'FAIL' : status
    say(
      `  ${MARKS[status](word.padEnd(4))} ${step.padEnd(6)} ${status === 'skip' ? paint.dim(detail) : detail}`,
    )
    if (remedy !== undefined && (status === 'fail' || status === 'warn'))
      say(`              ${paint.cyan('->')} ${remedy}`)
  }
  const last = steps.find(({ status }) => status === 'fail')
  say(
    failed === undefined
      ? paint.green('  all well')
      : paint.red(`  fails at step "${failed}": ${last?.remedy ?? ''}`),
  )
  say()
}
