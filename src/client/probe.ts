// Is an endpoint usable, and what can it do? The first part asks as the gateway's own probe does; features are tried
// only on request, each with the evidence it rests on, because every one of them costs tokens.

import type { EndpointConfig } from '../providers/endpoint.ts'
import type { AskDeps } from '../upstream/ask.ts'
import type { CallOptions, Client } from './client.ts'
import { LlmError } from './errors.ts'
import type { ChatRequest } from './request.ts'
import { jsonIn } from './validate.ts'

export interface FeatureReport {
  feature: 'streaming' | 'tools' | 'json' | 'usage in streams' | 'embeddings'
  works: boolean
  /** What was seen. */
  evidence: string
}

export interface ProbeReport {
  provider: string
  baseUrl: string
  ok: boolean
  /** models, model_listed or chat. */
  failedStep?: string
  reason?: string
  models: string[]
  latencyMs: number
  features?: FeatureReport[]
}

export async function probeReport(
  endpoint: EndpointConfig,
  provider: string,
  deps: AskDeps,
  client: Client | undefined,
  options: CallOptions,
): Promise<ProbeReport> {
  const started = deps.clock.monotonic()
  // A model that is named is asked; without one the list alone decides.
  const asked: EndpointConfig = { ...endpoint, probe: 'gate', probeRequireModels: false }
  const { probeEndpoint } = await import('../upstream/ask.ts')
  const result = await probeEndpoint(asked, deps)
  const report: ProbeReport = {
    provider,
    baseUrl: endpoint.baseUrl,
    ok: result.ok,
    models: result.models,
    latencyMs: Math.round(deps.clock.monotonic() - started),
    ...(result.failedStep === undefined ? {} : { failedStep: result.failedStep }),
    ...(result.reason === undefined ? {} : { reason: result.reason }),
  }
  if (!client || !result.ok) return report
  const model = options.model ?? endpoint.probeModel ?? result.models[0]
  if (model === undefined) return report
  return { ...report, features: await features(client, { ...options, model, maxRetries: 0 }) }
}

async function features(client: Client, options: CallOptions): Promise<FeatureReport[]> {
  const ask = (request: Omit<ChatRequest, 'messages'>, content: string): ChatRequest => ({
    max_tokens: 256,
    ...request,
    messages: [{ role: 'user', content }],
  })
  const rows: FeatureReport[] = []
  const attempt = async (
    feature: FeatureReport['feature'],
    run: () => Promise<[boolean, string]>,
  ): Promise<void> => {
    try {
      const [works, evidence] = await run()
      rows.push({ feature, works, evidence })
    } catch (thrown) {
      const said = thrown instanceof LlmError ? `${thrown.status} ${thrown.message}` : String(thrown)
      rows.push({ feature, works: false, evidence: said.slice(0, 200) })
    }
  }
  let usage = false
  await attempt('streaming', async () => {
    let pieces = 0
    for await (const event of client.stream(ask({}, 'Count from 1 to 10.'), {
      ...options,
      streaming: true,
    })) {
      if (event.type === 'text' || event.type === 'reasoning') pieces++
      if (event.type === 'usage') usage = true
    }
    return [pieces > 1, `${pieces} pieces of text`]
  })
  await attempt('usage in streams', () =>
    Promise.resolve([usage, usage ? 'token counts came before the end' : 'no token counts came']),
  )
  await attempt('tools', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const request = ask(
      { tools: [{ type: 'function', function: { name: 'weather', parameters } }], tool_choice: 'required' },
      'What is the weather in Paris?',
    )
    const [call] = (await client.chat(request, options)).toolCalls
    return [call !== undefined, call ? `called ${call.name}(${call.arguments})` : 'answered without a call']
  })
  await attempt('json', async () => {
    const request = ask({ response_format: { type: 'json_object' } }, 'Answer {"ok": true} as JSON.')
    const { text } = await client.chat(request, options)
    return [jsonIn(text) !== undefined, text.slice(0, 80)]
  })
  await attempt('embeddings', async () => {
    const { vectors } = await client.embed('ping', options)
    return [true, `${vectors[0]?.length ?? 0} dimensions`]
  })
  return rows
}
