// `trunkline fake`: a fake upstream to try a gateway, a client or a failure against.

import { Command, InvalidArgumentError, Option } from 'commander'
import { type RunFakeOptions, runFake } from '../testing/fake-main.ts'
import type { FakeKind } from '../testing/fake-upstream.ts'

const KINDS: readonly FakeKind[] = ['openai', 'anthropic', 'ollama', 'lmstudio', 'vllm', 'litellm', 'hole']

interface FakeCommandOptions {
  kind: FakeKind
  port?: number
  host?: string
  models?: string[]
  key?: string
  delay?: number
  fault?: NonNullable<RunFakeOptions['fault']>
  status?: number
  replay?: string
}

export function fakeCommand(): Command {
  return new Command('fake')
    .description('serve a scriptable fake upstream')
    .addOption(new Option('--kind <kind>', 'what it pretends to be').choices(KINDS).default('openai'))
    .option('-p, --port <port>', 'port to listen on (default: any free one)', whole(0, 65_535))
    .option('--host <host>', 'address to listen on (default 127.0.0.1)')
    .option('--models <names>', 'model names, separated by commas', list)
    .option('--key <key>', 'key to demand')
    .option('--delay <ms>', 'milliseconds before every answer', whole(0, 2 ** 31 - 1))
    .option(
      '--fault <type@byte>',
      'break every answer: reset@N, stall@N or end@N, after N bytes of the body',
      fault,
    )
    .option('--status <code>', 'status of every answer', whole(200, 599))
    .option('--replay <dir>', 'answer every POST with the recording in this folder')
    .action(fake)
}

async function fake({ delay, ...options }: FakeCommandOptions): Promise<void> {
  try {
    const running = await runFake({
      ...options,
      ...(delay === undefined ? {} : { delayMs: delay }),
      print: (line) => console.log(line),
    })
    const stop = (): void => void running.close()
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  } catch (thrown) {
    console.error(`cannot start: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    process.exitCode = 1
  }
}

function list(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) throw new InvalidArgumentError('Name at least one model.')
  return names
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
    return value
  }
}

function fault(text: string): NonNullable<RunFakeOptions['fault']> {
  const [, type, bytes] = /^(reset|stall|end)@(\d+)$/.exec(text) ?? []
  if (bytes === undefined || (type !== 'reset' && type !== 'stall' && type !== 'end'))
    throw new InvalidArgumentError('Give reset@N, stall@N or end@N.')
  return { type, afterBytes: Number(bytes) }
}
