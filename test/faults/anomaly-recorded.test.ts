// The anomaly loop over what real upstreams sent: of each dialect the recorded stream in which most happens, relayed and
// translated. Long recordings would take minutes, so a stream of up to 6 KB is taken.

import { describe, test } from 'vitest'
import type { GenerationDialect } from '../../src/core/dialect.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'
import { provider } from '../../src/providers/index.ts'
import { quirksOf } from '../../src/providers/provider.ts'
import { frameReader } from '../../src/wire/frames.ts'
import { type RecordedCase, loadCases, recordedRoot, recordingsPresent } from '../recorded/cases.ts'
import { type Pair, anomalies } from './loop.ts'

const MOST_BYTES = 6_000

function quirksFor({ row, wire }: RecordedCase): Pair['quirks'] {
  const record = provider(row.provider)
  if (!record) throw new Error(`no provider ${row.provider}`)
  const spoken = record.speaks.find((one) => one.dialect === wire.dialect.id)
  return quirksOf(record, spoken ?? record.speaks[0])
}

/** How many kinds of things happen in it. */
function variety(recorded: RecordedCase): number {
  const { dialect } = recorded.wire
  const seen = new Set<string>()
  const note = (event: StreamEvent): void => {
    seen.add(event.type === 'open' ? `open ${event.open.kind}` : event.type)
  }
  const decoder = dialect.stream.decoder(quirksFor(recorded), note)
  const reader = frameReader(dialect.framing, { frame: (frame) => decoder.frame(frame) })
  reader.push(recorded.bytes)
  reader.end()
  decoder.end()
  return seen.has('failure') ? 0 : seen.size
}

function richest(): Map<string, RecordedCase> {
  const best = new Map<string, { recorded: RecordedCase; score: number }>()
  for (const recorded of loadCases()) {
    const { row, wire, streamed, status, bytes } = recorded
    if (!streamed || status !== 200 || row.carried || row.aside || bytes.length > MOST_BYTES) continue
    const score = variety(recorded)
    if (score > (best.get(wire.dialect.id)?.score ?? 0)) best.set(wire.dialect.id, { recorded, score })
  }
  return new Map([...best].map(([id, { recorded }]) => [id, recorded]))
}

const other = (dialect: GenerationDialect): GenerationDialect =>
  dialect.id === 'openai-chat' ? anthropicMessages : openaiChat

if (!recordingsPresent) {
  console.log(`anomalies of recordings: skipped, none at ${recordedRoot}`)
  test.skip('no recordings')
} else
  for (const recorded of richest().values()) {
    const from = recorded.wire.dialect
    for (const to of from.framing === 'aws-event-stream'
      ? [openaiChat, anthropicMessages]
      : [from, other(from)])
      describe(`${recorded.name} to ${to.id}`, () =>
        anomalies({ from, to, quirks: quirksFor(recorded) }, recorded.bytes))
  }
