// The anomaly loop over every pair: one rich answer as each upstream dialect streams it, for a caller of each dialect.

import { describe } from 'vitest'
import { replay } from '../../src/core/collect.ts'
import type { GenerationDialect } from '../../src/core/dialect.ts'
import type { GenerationResponse } from '../../src/core/response.ts'
import { CALLERS, UPSTREAMS } from '../conformance/matrix.ts'
import { CONTEXT, anomalies } from './loop.ts'

const RICH: GenerationResponse = {
  id: 'answer_1',
  model: 'm',
  created: 1_700_000_000,
  choices: [
    {
      index: 0,
      parts: [
        { kind: 'reasoning', text: 'Look it up: «где»?' },
        { kind: 'text', text: 'I will look, 世界 👋🏽.' },
        { kind: 'tool_call', id: 'call_1', name: 'get_weather', arguments: '{"place":"Roma 🏛"}' },
        { kind: 'tool_call', id: 'call_2', name: 'get_time', arguments: '{}' },
      ],
      finish: { reason: 'tool_calls' },
    },
  ],
  usage: { input: 12, output: 5, total: 17 },
}

/** The rich answer as an upstream of the dialect streams it. */
function streamOf(dialect: GenerationDialect): Buffer {
  const pieces: string[] = []
  const encoder = dialect.stream.encoder(CONTEXT, (piece) => pieces.push(piece))
  replay(RICH, (event) => encoder.event(event))
  // Amazon's frames are bytes, written one character each.
  return Buffer.from(pieces.join(''), dialect.framing === 'aws-event-stream' ? 'latin1' : 'utf8')
}

const pairs = UPSTREAMS.flatMap((from) => CALLERS.map((to) => ({ from, to })))

describe.each(pairs)('$from.id to $to.id', ({ from, to }) =>
  anomalies({ from, to, quirks: {} }, streamOf(from)),
)
