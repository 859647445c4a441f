// Which folders of recordings are replayed, in which dialect, and which provider record stands for the host.

import type { JsonObject } from '../../src/core/json.ts'
import type { DialectId } from '../../src/core/origin.ts'
import type { Hints } from './wires/wire.ts'

export interface Row {
  /** Below the root of the recordings; a row of the printed table. */
  folder: string
  /** Dialect of the answers. */
  wire: DialectId
  /** Provider record that serves it. */
  provider: string
  /** More members of the endpoint's configuration (credentials, region ...). */
  endpoint?: JsonObject
  /** How the host's answers deviate. */
  hints?: Hints
  /** Path of the base URL below the fake. Default `/v1`. */
  base?: string
  /** The dialect comes in Amazon's chunks (InvokeModel). */
  carried?: boolean
  /** No generation: a count, a compaction or a question about a response by its id, which are relayed and metered. */
  aside?: 'input_tokens' | 'compact' | 'by id'
  /** Cases of the folder that are left out, and why. */
  left?: { match: RegExp; why: string }
}

/** Of a host that speaks several dialects, the one that was recorded. */
const chat = (folder: string, provider: string, hints: Hints = {}): Row => ({
  folder,
  wire: 'openai-chat',
  provider,
  endpoint: { dialects: ['openai-chat'] },
  hints,
})

const responses = (folder: string, provider: string, base?: string): Row => ({
  folder,
  wire: 'openai-responses',
  provider,
  endpoint: { dialects: ['openai-responses'] },
  ...(base === undefined ? {} : { base }),
})

export const ROWS: readonly Row[] = [
  chat('openai/chat-completions', 'openai'),
  chat('azure/chat-completions', 'azure'),
  chat('groq/chat-completions', 'groq'),
  chat('openrouter/chat-completions', 'openrouter'),
  chat('deepseek/chat-completions', 'deepseek'),
  chat('llamacpp/chat-completions', 'llamacpp'),
  chat('local-openai-compatible/chat-completions', 'openai-compatible'),
  chat('mistral/chat-completions', 'mistral'),
  chat('huggingface/chat-completions', 'huggingface', { tagged: true }),
  chat('xai/chat-completions', 'xai'),
  chat('zai/chat-completions', 'zai'),
  chat('cerebras/chat-completions', 'cerebras'),
  chat('alibaba/chat-completions', 'qwen'),
  chat('avian/chat-completions', 'avian'),
  chat('crusoe/chat-completions', 'crusoe'),
  chat('snowflake/chat-completions', 'snowflake-cortex'),
  chat('heroku/chat-completions', 'heroku'),
  chat('perplexity/chat-completions', 'perplexity', { numbered: true }),
  chat('vercel-gateway/chat-completions', 'vercel-gateway', { outputLacks: 'reasoning if larger' }),
  chat('google/chat-completions', 'google-openai', { outputLacks: 'what the total has more' }),
  chat('anthropic/chat-completions', 'openai-compatible'),
  chat('aws-bedrock/chat-completions', 'openai-compatible'),
  chat('ollama/chat-completions', 'ollama'),
  {
    folder: 'openai/completions',
    wire: 'openai-completions',
    provider: 'openai-compatible',
    endpoint: { dialects: ['openai-completions'] },
  },
  { folder: 'ollama/chat', wire: 'ollama', provider: 'ollama', endpoint: { dialects: ['ollama'] } },
  {
    folder: 'ollama/generate',
    wire: 'ollama-generate',
    provider: 'ollama',
    endpoint: { dialects: ['ollama-generate'] },
  },
  responses('openai/responses', 'openai'),
  { ...responses('openai/responses-input-tokens', 'openai'), aside: 'input_tokens' },
  { ...responses('openai/responses-compact', 'openai'), aside: 'compact' },
  { ...responses('openai/responses-retrieve', 'openai'), aside: 'by id' },
  responses('azure/responses', 'azure', '/openai/v1'),
  responses('deepseek/responses', 'deepseek'),
  responses('lmstudio/responses', 'lmstudio'),
  responses('openrouter/responses', 'openrouter', '/api/v1'),
  responses('xai/responses', 'xai'),
  responses('aws-bedrock/responses', 'openai-compatible', '/openai/v1'),
  responses('local-openai-compatible/responses', 'openai-compatible', '/openai'),
  { folder: 'anthropic/messages', wire: 'anthropic-messages', provider: 'anthropic' },
  {
    folder: 'google/generate-content',
    wire: 'gemini',
    provider: 'google',
  },
  {
    folder: 'google-vertex/generate-content',
    wire: 'gemini',
    provider: 'vertex',
    left: {
      match: /streaming-failure-empty-content/,
      why: 'a stream without any finish reason is one that did not end (Google: "empty, if the model has not stopped generating tokens")',
    },
  },
  { folder: 'google-vertex/vertex-anthropic', wire: 'anthropic-messages', provider: 'vertex-anthropic' },
  {
    folder: 'aws-bedrock/converse',
    wire: 'bedrock-converse',
    provider: 'bedrock',
    base: '',
    endpoint: { region: 'us-east-1' },
  },
  {
    folder: 'aws-bedrock/invoke-model',
    wire: 'anthropic-messages',
    carried: true,
    provider: 'bedrock-anthropic',
    base: '',
    endpoint: { region: 'us-east-1' },
    left: {
      match: /jamba|nova|titan|claude-v2|llama3|testamazonoutput/,
      why: 'InvokeModel with a body of its own vendor (Jamba, Nova, Titan, Llama, the old Claude completions): all are reached by Converse',
    },
  },
  chat('aws-bedrock/chat-completions', 'bedrock-mantle'),
  { folder: 'cohere/chat-v2', wire: 'cohere', provider: 'cohere' },
]

/** Endpoint id of a row: its folder, spelt as ids are. */
export function endpointId(row: Row): string {
  return row.folder.replaceAll('/', '.').toLowerCase()
}
