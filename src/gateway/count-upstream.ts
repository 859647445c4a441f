// Token counts for a caller of one dialect by an upstream of another that counts: the request is translated as if it were
// to be answered, and only counted. A failure is no answer: the caller then gets an estimate.

import { modelFacts } from '../catalog/index.ts'
import type { GenerationDialect, Quirks } from '../core/dialect.ts'
import { type JsonObject, asNumber, isObject } from '../core/json.ts'
import type { Spoken } from '../providers/provider.ts'
import { collectBody, send } from '../upstream/send.ts'
import { signed } from '../upstream/signer.ts'
import type { Call } from './call.ts'
import type { ReadRequest } from './read.ts'
import type { Deployment } from './route-table.ts'
import type { EndpointState, Runtime } from './runtime.ts'
import { countRequest } from './upstream-request.ts'

const ANSWER_CAP = 1024 * 1024

/** What a count takes of a request, and where its answer stands; dialects that count nothing are absent. */
const COUNTS: Readonly<
  Record<string, { body(encoded: JsonObject, model: string, spoken: Spoken): JsonObject; member: string }>
> = {
  gemini: {
    body: (encoded, model, { countIn }) =>
      countIn === undefined
        ? encoded
        : { [countIn]: { model: `models/${model.replace(/^models\//, '')}`, ...encoded } },
    member: 'totalTokens',
  },
  'anthropic-messages': {
    body(encoded) {
      const kept: JsonObject = {}
      for (const name of ['model', 'messages', 'system', 'tools', 'tool_choice', 'thinking'])
        if (encoded[name] !== undefined) kept[name] = encoded[name]
      return kept
    },
    member: 'input_tokens',
  },
  'bedrock-converse': {
    body(encoded) {
      const converse: JsonObject = {}
      for (const name of ['messages', 'system', 'toolConfig', 'additionalModelRequestFields'])
        if (encoded[name] !== undefined) converse[name] = encoded[name]
      return { input: { converse } }
    },
    member: 'inputTokens',
  },
}

export interface CountTarget {
  deployment: Deployment
  spoken: Spoken
  upstream: GenerationDialect
  quirks: Quirks
  state: EndpointState
}

/** @returns undefined where the upstream counts nothing, or did not. @throws `invalid_request` of the caller's making. */
export async function countUpstream(
  call: Call,
  read: ReadRequest,
  { deployment, spoken, upstream, quirks, state }: CountTarget,
  runtime: Runtime,
): Promise<number | undefined> {
  const count = COUNTS[upstream.id]
  if (!count || spoken.countPath === undefined || (spoken.carrier && spoken.carrier.plainCount !== true))
    return undefined
  const { endpoint, model } = deployment
  const asked = read.json()
  // Google's count may hold the whole request inside.
  const inner = isObject(asked.generateContentRequest) ? asked.generateContentRequest : asked
  const request = call.dialect.request.decode({ ...inner, model, stream: false })
  const target = { model, quirks, facts: modelFacts(upstream.id, model) }
  const { body } = upstream.request.encode(request, target)
  try {
    const wire = countRequest(call, deployment, state, spoken, count.body(body, model, spoken))
    const exchange = await send({
      dispatcher: runtime.pools.get(endpoint),
      endpoint,
      request: await signed(endpoint, runtime.clock, wire),
      clock: runtime.clock,
      cancel: call.cancel,
    })
    if (exchange.status !== 200) {
      exchange.abort()
      return undefined
    }
    const answer: unknown = JSON.parse((await collectBody(exchange, ANSWER_CAP)).toString('utf8'))
    return isObject(answer) ? asNumber(answer[count.member]) : undefined
  } catch (thrown) {
    if (call.cancel.raised) throw thrown
    return undefined
  }
}
