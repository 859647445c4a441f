// Amazon Bedrock: Converse for every model, InvokeModel with Anthropic's own body for Claude; and Mantle, its newer
// endpoint, which speaks the vendors' dialects plainly. Both take signed requests or a Bedrock API key.

import { bedrockInvoke } from '../carriers/bedrock-invoke.ts'
import type { ProviderRecord, Spoken } from '../provider.ts'
import { bedrockEmbed } from '../shapes/bedrock-embed.ts'
import { bedrockAgentRerank, bedrockRerank } from '../shapes/reranks.ts'

/** Ids and profiles of Claude: `anthropic.claude-...`, `us.anthropic...`, ARNs that end in one. */
const CLAUDE = /(^|[./])anthropic\.claude/

const INVOKE: Spoken = {
  dialect: 'anthropic-messages',
  path: '/model/{model}/invoke',
  streamPath: '/model/{model}/invoke-with-response-stream',
  countPath: '/model/{model}/count-tokens',
  carrier: bedrockInvoke,
}

const runtime = {
  env: { key: ['AWS_BEARER_TOKEN_BEDROCK'] },
  base: 'https://bedrock-runtime.{region}.amazonaws.com',
  auth: { type: 'aws', service: 'bedrock' },
  paths: { embeddings: '/model/{model}/invoke', rerank: '/model/{model}/invoke' },
  shapes: { embeddings: bedrockEmbed, rerank: bedrockRerank },
  quirks: {},
} as const

export const bedrock: ProviderRecord = {
  id: 'bedrock',
  title: 'Amazon Bedrock',
  ...runtime,
  speaks: [
    {
      dialect: 'bedrock-converse',
      path: '/model/{model}/converse',
      streamPath: '/model/{model}/converse-stream',
      countPath: '/model/{model}/count-tokens',
    },
    { ...INVOKE, only: CLAUDE },
  ],
}

/** For application profiles and deployments, whose ids do not say that a Claude stands behind them. */
export const bedrockAnthropic: ProviderRecord = {
  id: 'bedrock-anthropic',
  title: 'Amazon Bedrock (Claude by InvokeModel)',
  ...runtime,
  speaks: [INVOKE],
  paths: {},
}

/** The agent runtime, a host of its own, which ranks by models that have no InvokeModel. */
export const bedrockAgent: ProviderRecord = {
  id: 'bedrock-agent',
  title: 'Amazon Bedrock (agent runtime)',
  env: { key: [] },
  base: 'https://bedrock-agent-runtime.{region}.amazonaws.com',
  auth: { type: 'aws', service: 'bedrock' },
  speaks: [],
  paths: { rerank: '/rerank' },
  shapes: { rerank: bedrockAgentRerank },
  quirks: {},
}

export const bedrockMantle: ProviderRecord = {
  id: 'bedrock-mantle',
  title: 'Amazon Bedrock (Mantle)',
  env: { key: ['AWS_BEARER_TOKEN_BEDROCK'] },
  base: 'https://bedrock-mantle.{region}.api.aws/v1',
  auth: { type: 'aws', service: 'bedrock-mantle' },
  speaks: [
    { dialect: 'openai-chat', path: '/chat/completions', except: CLAUDE },
    { dialect: 'openai-responses', path: '/responses', except: CLAUDE },
    { dialect: 'anthropic-messages', path: '/../anthropic/v1/messages', only: CLAUDE },
  ],
  paths: { models: '/models' },
  headers: { 'anthropic-version': '2023-06-01' },
  quirks: {},
}
