// Document 004's config/llm.yaml: `providers.<name>` with an address and a key, and `model: {provider, model}`.

import type { EndpointConfig } from '../../providers/endpoint.ts'
import { provider } from '../../providers/index.ts'
import type { ConfigProblem } from '../config.ts'
import { makeEndpoint } from '../endpoint.ts'
import { nearest } from '../nearest.ts'
import { notEmpty } from '../secret-env.ts'
import type { ReadFile } from '../yaml-file.ts'
import { warnOfLiteral } from './trunkline.ts'

export function providersEndpoints(
  file: ReadFile,
  problems: ConfigProblem[],
): { endpoints: EndpointConfig[]; defaultModel?: string } {
  const endpoints = Object.entries(file.value.providers ?? {}).flatMap(([name, entry]) => {
    try {
      warnOfLiteral(entry.api_key, ['providers', name, 'api_key'], file, problems)
      const endpoint = makeEndpoint({
        id: name.toLowerCase(),
        provider: provider(name) ? name : 'openai-compatible',
        // A blank address is the vendor's own, and OpenAI's behind a name nobody knows.
        baseUrl: notEmpty(entry.base_url ?? undefined) ?? provider(name)?.base ?? 'https://api.openai.com/v1',
        credential: entry.api_key ?? undefined,
        models: [],
        source: 'config',
      })
      const rps = entry.rate_limit?.requests_per_second
      if (rps !== undefined) endpoint.rateLimit.requestsPerSecond = rps
      if (entry.rate_limit?.rpm !== undefined) endpoint.rateLimit.rpm = entry.rate_limit.rpm
      if (entry.rate_limit?.tpm !== undefined) endpoint.rateLimit.tpm = entry.rate_limit.tpm
      if (entry.embedding_model !== undefined) endpoint.embeddingModel = entry.embedding_model
      return [endpoint]
    } catch (thrown) {
      problems.push({
        severity: 'error',
        message: (thrown as Error).message,
        ...file.place(['providers', name, 'base_url']),
      })
      return []
    }
  })
  const { model } = file.value
  if (!model) return { endpoints }
  const chosen = endpoints.find((endpoint) => endpoint.id === model.provider.toLowerCase())
  if (!chosen && file.value.providers) {
    const known = Object.keys(file.value.providers)
    const near = nearest(model.provider, known)
    problems.push({
      severity: 'error',
      message: `model.provider names "${model.provider}", which is not under providers${near === undefined ? '' : ` (did you mean "${near}"?)`}; known: ${known.join(', ')}`,
      ...file.place(['model', 'provider']),
    })
    return { endpoints }
  }
  if (chosen) chosen.probeModel = model.model
  return { endpoints, defaultModel: chosen ? `${chosen.id}/${model.model}` : model.model }
}
