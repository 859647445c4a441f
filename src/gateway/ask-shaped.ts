// A plain operation at a host with a shape of its own: OpenAI's public shape in and out, the host's on its wire.

import type { GenerationDialect } from '../core/dialect.ts'
import type { JsonObject } from '../core/json.ts'
import { rerankTokens } from '../providers/shapes/reranks.ts'
import { collectBody, send } from '../upstream/send.ts'
import { signed } from '../upstream/signer.ts'
import { ANSWER_CAP, type Answer } from './answer.ts'
import type { Call } from './call.ts'
import { embeddingsAnswer } from './embeddings.ts'
import type { ReadRequest } from './read.ts'
import type { CallRecord } from './record.ts'
import { refused } from './refused.ts'
import type { Deployment } from './route-table.ts'
import type { EndpointState, Runtime } from './runtime.ts'
import { jsonOf, publicError, shapedAnswer } from './shaped.ts'
import { plainRequest } from './upstream-request.ts'

interface ShapedCall {
  call: Call
  read: ReadRequest
  deployment: Deployment
  state: EndpointState
  upstream: GenerationDialect
  runtime: Runtime
  record: CallRecord
}

/** An operation that may have a shape of a host's own. */
export function isPlain(
  operation: Call['operation'],
): operation is Exclude<Call['operation'], 'chat' | 'count_tokens' | 'compact'> {
  return operation !== 'chat' && operation !== 'count_tokens' && operation !== 'compact'
}

export async function askShaped(
  shape: Parameters<typeof shapedAnswer>[0],
  { call, read, deployment, state, upstream, runtime, record }: ShapedCall,
): Promise<Answer> {
  const { endpoint } = deployment
  record.path = 'translate'
  record.phase = 'connect'
  const whole = await shapedAnswer(shape, read.json(), deployment, async (wire) => {
    const request = await signed(endpoint, runtime.clock, plainRequest(call, deployment, state, wire))
    const { clock, pools } = runtime
    const one = await send({ dispatcher: pools.get(endpoint), endpoint, request, clock, cancel: call.cancel })
    record.upstreamStatus = one.status
    record.phase = 'firstByte'
    if (one.status < 200 || one.status > 299)
      throw publicError(await refused(one, upstream, deployment, record, clock.now()))
    return { body: jsonOf(await collectBody(one, ANSWER_CAP), endpoint.id), headers: one.headers }
  })
  record.firstByteMs = runtime.clock.monotonic() - record.startedAt
  return plainAnswer(whole, read, call.operation, record)
}

/** An answer in the public shape. */
function plainAnswer(
  whole: JsonObject,
  read: ReadRequest,
  operation: Call['operation'],
  record: CallRecord,
): Answer {
  const headers = { 'content-type': 'application/json' }
  const body = Buffer.from(JSON.stringify(whole))
  if (operation === 'embeddings')
    return whole.usage === undefined
      ? uncounted(whole, read, headers, record)
      : embeddingsAnswer(whole, body, read, headers)
  const tokens = rerankTokens(whole)
  return {
    kind: 'whole',
    body,
    headers,
    ...(tokens === undefined ? {} : { usage: { input: tokens, total: tokens } }),
  }
}

/** The public shape has the counts, and typed clients read them unguarded. What is metered stays unknown. */
function uncounted(
  whole: JsonObject,
  read: ReadRequest,
  headers: Record<string, string>,
  record: CallRecord,
): Answer {
  record.notes.push({ field: 'usage', action: 'approximated', why: 'the host counted no tokens: told as 0' })
  const told = { ...whole, usage: { prompt_tokens: 0, total_tokens: 0 } }
  const body = Buffer.from(JSON.stringify(told))
  const answer = embeddingsAnswer(told, body, read, headers)
  if (answer.kind === 'whole') delete answer.usage
  return answer
}
