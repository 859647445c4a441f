// Every way an upstream can fail, as data: what it does, and what must come of it. docs/reference/failures.md is
// generated from this table by the run that proves it (faults.test.ts).

import type { JsonObject } from '../../src/core/json.ts'
import type { Step } from '../../src/testing/fake-upstream.ts'

/** What a raw TCP upstream does instead of HTTP. */
export type Place = 'refused' | 'unresolved' | 'tls' | 'black hole' | 'closes' | 'resets' | 'half a head'

export interface Fault {
  name: string
  /** Where the endpoint points, when it is no HTTP server. */
  place?: Place
  /** What the HTTP upstream does; for a stream `stream`, else the same. */
  step?: Step
  stream?: Step
  /** Status of the answer when nothing else can serve the call. */
  status: number
  /** The gateway's own error kind, as its log line says it. */
  kind: string
  /** Same for a streamed call, where that differs. `in-band`: 200, begun, ended by an error event. */
  streamed?: { status: number; kind: string } | 'in-band' | 'passes'
  /** A second deployment serves the call (before the commit point). */
  moves: boolean
  /** Limits other than the usual ones of this suite (300 ms each, none on the whole). */
  timeouts?: { firstByteMs?: number; idleMs?: number; totalMs?: number }
  /** Only for whole or only for streamed calls. */
  only?: 'whole' | 'stream'
  /** How the translated path differs, where it must. */
  translated?: Partial<Pick<Fault, 'status' | 'kind' | 'streamed' | 'moves'>>
}

const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
const completion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_760_000_000,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }],
  usage,
}
const chunk = (choices: JsonObject[], more: JsonObject = {}) => ({
  data: {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_760_000_000,
    model: 'm',
    choices,
    ...more,
  },
})
const piece = (delta: JsonObject, finish: string | null = null) =>
  chunk([{ index: 0, delta, finish_reason: finish }])
export const PIECES = [
  piece({ role: 'assistant', content: '' }),
  piece({ content: 'po' }),
  piece({ content: 'ng' }),
  piece({}, 'stop'),
  chunk([], { usage }),
  { data: '[DONE]' },
]
const HALF = PIECES.slice(0, 2)
const said = (message: string) => ({ error: { message, type: 'server_error', code: 'boom', param: null } })
const refusal = (status: number, kind: string, moves: boolean): Fault => ({
  name: `status ${status}`,
  step: { status, json: said(`upstream says ${status}`) },
  status,
  kind,
  moves,
})

export const FAULTS: readonly Fault[] = [
  { name: 'connection refused', place: 'refused', status: 503, kind: 'backend_unavailable', moves: true },
  {
    name: 'host name does not resolve',
    place: 'unresolved',
    status: 503,
    kind: 'backend_unavailable',
    moves: true,
  },
  { name: 'TLS expected, none spoken', place: 'tls', status: 503, kind: 'backend_unavailable', moves: true },
  { name: 'black hole', place: 'black hole', status: 504, kind: 'upstream_timeout', moves: true },
  { name: 'closes on accept', place: 'closes', status: 503, kind: 'backend_unavailable', moves: true },
  { name: 'resets on the request', place: 'resets', status: 503, kind: 'backend_unavailable', moves: true },
  {
    name: 'closes inside the head',
    place: 'half a head',
    status: 503,
    kind: 'backend_unavailable',
    moves: true,
  },
  {
    name: 'reset after the head',
    step: { json: completion, resetAfterBytes: 0 },
    stream: { sse: PIECES, resetAfterBytes: 0 },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
  },
  {
    name: 'reset inside the body',
    step: { json: completion, resetAfterBytes: 60 },
    stream: { sse: [...HALF, { data: '{"never":', delayMs: 20 }], resetAfterBytes: 330 },
    status: 502,
    kind: 'bad_upstream_response',
    streamed: 'in-band',
    moves: true,
  },
  {
    name: 'shorter than its content-length',
    step: { json: completion, endAfterBytes: 60, headers: { 'content-length': '400', connection: 'close' } },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
    only: 'whole',
  },
  {
    name: 'half a JSON body',
    step: { text: JSON.stringify(completion).slice(0, 90) },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
    only: 'whole',
  },
  {
    name: 'HTML with status 200',
    step: { text: '<html><body>Welcome to nginx</body></html>', headers: { 'content-type': 'text/html' } },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
  },
  {
    name: 'an error with status 200',
    step: { json: { error: 'Unexpected endpoint or method. (POST /chat/completions)' } },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
  },
  {
    name: 'no choices',
    step: { json: { ...completion, choices: [] } },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
  },
  refusal(400, 'upstream_rejected', false),
  refusal(401, 'upstream_auth', true),
  refusal(402, 'upstream_auth', true),
  refusal(403, 'upstream_auth', true),
  refusal(404, 'upstream_rejected', false),
  refusal(408, 'upstream_rejected', false),
  refusal(409, 'upstream_rejected', false),
  refusal(413, 'upstream_rejected', false),
  refusal(422, 'upstream_rejected', false),
  refusal(429, 'upstream_rate_limited', true),
  refusal(500, 'upstream_failed', true),
  refusal(502, 'upstream_failed', true),
  refusal(503, 'upstream_failed', true),
  refusal(504, 'upstream_failed', true),
  refusal(529, 'upstream_failed', true),
  {
    name: 'an HTML page with status 502',
    step: { status: 502, text: '<html>Bad gateway</html>', headers: { 'content-type': 'text/html' } },
    status: 502,
    kind: 'upstream_failed',
    moves: true,
  },
  {
    name: 'redirect',
    step: { redirect: 'http://127.0.0.1:9/v1/chat/completions' },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
  },
  {
    name: 'head never comes',
    step: { json: completion, delayMs: 60_000 },
    status: 504,
    kind: 'upstream_timeout',
    moves: true,
  },
  {
    name: 'slow head, within the limit',
    step: { json: completion, delayMs: 150 },
    stream: { sse: PIECES, delayMs: 150 },
    status: 200,
    kind: '',
    streamed: 'passes',
    moves: false,
  },
  {
    name: 'slow first byte, within the limit',
    step: { json: completion, headersDelayMs: 0, delayMs: 150 },
    stream: { sse: PIECES, headersDelayMs: 0, delayMs: 150 },
    status: 200,
    kind: '',
    streamed: 'passes',
    moves: false,
  },
  {
    name: 'drips, within the idle limit',
    stream: { sse: PIECES.map((piece) => ({ ...piece, delayMs: 100 })) },
    status: 200,
    kind: '',
    streamed: 'passes',
    moves: false,
    only: 'stream',
  },
  {
    name: 'a stream without end',
    stream: {
      sse: [...HALF, ...Array.from({ length: 100 }, () => ({ ...piece({ content: 'on' }), delayMs: 20 }))],
    },
    timeouts: { totalMs: 400 },
    status: 200,
    kind: 'upstream_timeout',
    streamed: 'in-band',
    moves: false,
    only: 'stream',
  },
  {
    name: 'first byte never comes',
    step: { json: completion, stallAfterBytes: 0 },
    stream: { sse: PIECES, stallAfterBytes: 0 },
    status: 504,
    kind: 'upstream_timeout',
    moves: true,
  },
  {
    name: 'stalls inside the body',
    step: { json: completion, stallAfterBytes: 60 },
    stream: { sse: PIECES, stallAfterBytes: 330 },
    status: 504,
    kind: 'upstream_timeout',
    streamed: 'in-band',
    moves: true,
  },
  {
    name: 'ends without its terminal event',
    stream: { sse: PIECES.slice(0, 3) },
    status: 200,
    kind: 'stream_interrupted',
    streamed: 'in-band',
    moves: false,
    only: 'stream',
  },
  {
    name: 'ends inside an event',
    stream: { sse: PIECES, endAfterBytes: 480 },
    status: 200,
    kind: 'stream_interrupted',
    streamed: 'in-band',
    moves: false,
    only: 'stream',
  },
  {
    name: 'ends without [DONE], finish reason seen',
    stream: { sse: PIECES.slice(0, 4) },
    status: 200,
    kind: '',
    streamed: 'passes',
    moves: false,
    only: 'stream',
  },
  {
    name: 'an empty stream',
    stream: { sse: [': hello\n\n'] },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
    only: 'stream',
  },
  {
    name: 'an error as first event',
    stream: { sse: [{ data: said('overloaded') }] },
    status: 502,
    kind: 'bad_upstream_response',
    moves: true,
    only: 'stream',
  },
  {
    name: 'an error inside the stream',
    stream: { sse: [...HALF, { data: said('the engine died'), delayMs: 20 }] },
    status: 200,
    kind: 'bad_upstream_response',
    streamed: 'in-band',
    moves: false,
    only: 'stream',
  },
  {
    name: 'an event that is not JSON',
    stream: { sse: [...HALF, { data: '{"choices": [oops', delayMs: 20 }, ...PIECES.slice(2)] },
    status: 200,
    kind: '',
    // A relay passes what it was sent; who reads the events judges them.
    streamed: 'passes',
    moves: false,
    only: 'stream',
    translated: { kind: 'bad_upstream_response', streamed: 'in-band' },
  },
  {
    name: 'an event of 17 MB',
    stream: { sse: [...HALF, { data: 'x'.repeat(17 << 20), delayMs: 20 }] },
    status: 200,
    kind: 'bad_upstream_response',
    streamed: 'in-band',
    moves: false,
    only: 'stream',
  },
]
