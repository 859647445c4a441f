// `trunkline/client`: a typed client for any model endpoint, through Trunkline or straight.

import { type CallOptions, type CreateOptions, createClient } from './client.ts'
import type { ModelList } from './models.ts'

export type { ChatAnswer, ToolCall } from './answer.ts'
export type { BreakerPolicy } from './breaker.ts'
export {
  type CallOptions,
  type ChatOptions,
  type Client,
  type CreateOptions,
  type ProviderInfo,
  createClient,
} from './client.ts'
export type { CustomModel, CustomModelContext, CustomReply } from './custom-model.ts'
export type { EmbedAnswer } from './embed.ts'
export { InvalidAnswer, LlmError, Other, RateLimit, ServerError, type ValidationIssue } from './errors.ts'
export type { ProviderMetadata } from './metadata.ts'
export type { ModelInfo, ModelList } from './models.ts'
export type { RegisteredProvider } from './named.ts'
export type { ClientOptions, OptionName } from './options.ts'
export type { FeatureReport, ProbeReport } from './probe.ts'
export type { ChatMessage, ChatRequest, ContentPart, ToolChoiceWire, ToolWire } from './request.ts'
export type { Explanation, Level, Supplied } from './resolve.ts'
export type { RetryPolicy } from './retry-plan.ts'
export type { Settings } from './settings.ts'
export type { DocumentSpelling } from './spelling.ts'
export type { ChatStream, ClientEvent } from './stream.ts'
export type { RetryEvent } from './tries.ts'
export type { StandardSchema } from './validate.ts'
export { isPrivateIp, normalizeUrl } from '../core/url-rules.ts'

/** One prompt, one text, without keeping a client. */
export async function complete(prompt: string, options: CreateOptions & CallOptions = {}): Promise<string> {
  const client = createClient(options)
  try {
    return await client.complete(prompt, options)
  } finally {
    await client.close()
  }
}

/** The models of an endpoint, without keeping a client. */
export async function listModels(options: CreateOptions & CallOptions = {}): Promise<ModelList> {
  const client = createClient(options)
  try {
    return await client.listModels(options)
  } finally {
    await client.close()
  }
}
