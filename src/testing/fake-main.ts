// A fake upstream for people: started from a command line, one line per request.

import { type Fake, type FakeKind, startFake } from './fake-upstream.ts'
import { recordedReply } from './recorded-reply.ts'
import type { Step } from './step.ts'

export interface RunFakeOptions {
  kind?: FakeKind
  port?: number
  host?: string
  models?: readonly string[]
  key?: string
  /** Milliseconds before every answer. */
  delayMs?: number
  /** How every answer breaks off, and after how many bytes of its body. */
  fault?: { type: 'reset' | 'stall' | 'end'; afterBytes: number }
  /** Status of every answer. */
  status?: number
  /** A recording folder to answer every POST with. */
  replay?: string
  /** Where the lines go. */
  print: (line: string) => void
}

export async function runFake(options: RunFakeOptions): Promise<Fake> {
  const { kind = 'openai', port, host, models, key, print } = options
  const fake = await startFake({
    kind,
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
    ...(models === undefined ? {} : { models }),
    ...(key === undefined ? {} : { key }),
    script: script(options),
  })
  fake.onRequest((entry) => {
    const bytes = Buffer.byteLength(entry.text)
    print(
      `${new Date(entry.at).toISOString()} ${entry.method} ${entry.path} ${bytes} bytes${summary(entry.body)}`,
    )
  })
  print(`fake ${kind} at ${fake.url}`)
  return fake
}

function script({ delayMs, fault, status, replay }: RunFakeOptions): Step[] {
  const always: Step = {
    keep: true,
    ...(status === undefined ? {} : { status }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(fault?.type === 'reset' ? { resetAfterBytes: fault.afterBytes } : {}),
    ...(fault?.type === 'stall' ? { stallAfterBytes: fault.afterBytes } : {}),
    ...(fault?.type === 'end' ? { endAfterBytes: fault.afterBytes } : {}),
  }
  const steps: Step[] = []
  // Lists and probes keep their own answers.
  if (replay !== undefined) steps.push({ ...recordedReply(replay), ...always, method: 'POST' })
  if (Object.keys(always).length > 1) steps.push(always)
  return steps
}

function summary(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const model = 'model' in body && typeof body.model === 'string' ? ` model=${body.model}` : ''
  const stream = 'stream' in body && body.stream === true ? ' stream' : ''
  return model + stream
}
