// Every provider Trunkline speaks to, as data. Facts: the vendors' own pages and SDKs; quirks are deviations from the
// dialect, as recorded or documented.

import type { Quirks } from '../core/dialect.ts'
import type { ProviderRecord, Spoken } from './provider.ts'

const OPENAI_PATHS = { embeddings: '/embeddings', completions: '/completions', models: '/models' } as const
const CHAT: Spoken = { dialect: 'openai-chat', path: '/chat/completions' }

interface Like {
  id: string
  title: string
  key?: readonly string[]
  base?: string
  quirks?: Quirks
  local?: boolean
  paths?: ProviderRecord['paths']
  auth?: ProviderRecord['auth']
}

/** A host that copies OpenAI's Chat Completions. */
function openaiLike({ id, title, key = [], base, quirks = {}, local, paths, auth }: Like): ProviderRecord {
  return {
    id,
    title,
    env: { key },
    ...(base === undefined ? {} : { base }),
    auth: auth ?? { type: 'bearer' },
    speaks: [CHAT],
    paths: paths ?? OPENAI_PATHS,
    quirks,
    ...(local === true ? { local } : {}),
  }
}

const NO_COMPLETIONS = { embeddings: '/embeddings', models: '/models' } as const
const OK: Quirks = { streamUsage: 'ok' }

export const providers: readonly ProviderRecord[] = [
  openaiLike({
    id: 'openai',
    title: 'OpenAI',
    key: ['OPENAI_API_KEY'],
    base: 'https://api.openai.com/v1',
    quirks: OK,
  }),
  {
    id: 'anthropic',
    title: 'Anthropic',
    env: { key: ['ANTHROPIC_API_KEY'] },
    base: 'https://api.anthropic.com/v1',
    auth: { type: 'header', name: 'x-api-key' },
    speaks: [{ dialect: 'anthropic-messages', path: '/messages', countPath: '/messages/count_tokens' }],
    paths: { models: '/models' },
    headers: { 'anthropic-version': '2023-06-01' },
    quirks: {},
  },
  openaiLike({ id: 'openai-compatible', title: 'OpenAI-compatible' }),
  openaiLike({
    id: 'azure',
    title: 'Azure OpenAI',
    key: ['AZURE_OPENAI_API_KEY'],
    auth: { type: 'header', name: 'api-key' },
  }),
  openaiLike({ id: 'ollama', title: 'Ollama', base: 'http://localhost:11434/v1', local: true, quirks: OK }),
  openaiLike({
    id: 'lmstudio',
    title: 'LM Studio',
    base: 'http://localhost:1234/v1',
    local: true,
    quirks: OK,
  }),
  openaiLike({ id: 'vllm', title: 'vLLM', base: 'http://localhost:8000/v1', local: true, quirks: OK }),
  openaiLike({
    id: 'llamacpp',
    title: 'llama.cpp',
    base: 'http://localhost:8080/v1',
    local: true,
    quirks: OK,
  }),
  openaiLike({ id: 'sglang', title: 'SGLang', base: 'http://localhost:30000/v1', local: true, quirks: OK }),
  openaiLike({ id: 'litellm', title: 'LiteLLM', base: 'http://localhost:4000/v1', quirks: OK }),
  openaiLike({
    id: 'groq',
    title: 'Groq',
    key: ['GROQ_API_KEY'],
    base: 'https://api.groq.com/openai/v1',
    quirks: { ...OK, drop: ['logit_bias', 'logprobs', 'top_logprobs'] },
  }),
  openaiLike({
    id: 'openrouter',
    title: 'OpenRouter',
    key: ['OPENROUTER_API_KEY'],
    base: 'https://openrouter.ai/api/v1',
    quirks: OK,
  }),
  openaiLike({
    id: 'deepseek',
    title: 'DeepSeek',
    key: ['DEEPSEEK_API_KEY'],
    base: 'https://api.deepseek.com/v1',
    // Tool loops are refused without the reasoning text of the turn.
    quirks: { ...OK, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
    paths: { models: '/models' },
  }),
  openaiLike({
    id: 'mistral',
    title: 'Mistral',
    key: ['MISTRAL_API_KEY'],
    base: 'https://api.mistral.ai/v1',
    quirks: {
      streamUsage: 'never',
      maxTokensField: 'max_tokens',
      rename: { seed: 'random_seed' },
      drop: ['logprobs', 'top_logprobs', 'user'],
    },
    paths: NO_COMPLETIONS,
  }),
  openaiLike({
    id: 'together',
    title: 'Together',
    key: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
    base: 'https://api.together.xyz/v1',
  }),
  openaiLike({
    id: 'xai',
    title: 'xAI',
    key: ['XAI_API_KEY'],
    base: 'https://api.x.ai/v1',
    quirks: { ...OK, outputExcludesReasoning: true },
  }),
  openaiLike({
    id: 'perplexity',
    title: 'Perplexity',
    key: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
    base: 'https://api.perplexity.ai',
    quirks: { maxTokensField: 'max_tokens', drop: ['seed', 'stop'] },
    paths: {},
  }),
  openaiLike({
    id: 'fireworks',
    title: 'Fireworks',
    key: ['FIREWORKS_API_KEY'],
    base: 'https://api.fireworks.ai/inference/v1',
  }),
  openaiLike({
    id: 'sambanova',
    title: 'SambaNova',
    key: ['SAMBANOVA_API_KEY'],
    base: 'https://api.sambanova.ai/v1',
  }),
  openaiLike({
    id: 'cerebras',
    title: 'Cerebras',
    key: ['CEREBRAS_API_KEY'],
    base: 'https://api.cerebras.ai/v1',
    quirks: { ...OK, maxTokensField: 'max_completion_tokens' },
    paths: { models: '/models' },
  }),
  openaiLike({
    id: 'huggingface',
    title: 'Hugging Face',
    key: ['HF_TOKEN'],
    base: 'https://router.huggingface.co/v1',
  }),
  openaiLike({
    id: 'moonshot',
    title: 'Moonshot',
    key: ['MOONSHOT_API_KEY'],
    base: 'https://api.moonshot.ai/v1',
    quirks: { reasoningField: 'reasoning_content', drop: ['seed'] },
  }),
  openaiLike({
    id: 'qwen',
    title: 'Qwen (DashScope)',
    key: ['DASHSCOPE_API_KEY'],
    base: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    quirks: { ...OK, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
  }),
  openaiLike({
    id: 'zai',
    title: 'Z.ai',
    key: ['ZAI_API_KEY', 'ZHIPUAI_API_KEY'],
    base: 'https://api.z.ai/api/paas/v4',
    quirks: { maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
    paths: { embeddings: '/embeddings' },
  }),
  openaiLike({
    id: 'minimax',
    title: 'MiniMax',
    key: ['MINIMAX_API_KEY'],
    base: 'https://api.minimax.io/v1',
    quirks: { maxTokensField: 'max_completion_tokens' },
    paths: {},
  }),
  openaiLike({
    id: 'novita',
    title: 'Novita',
    key: ['NOVITA_API_KEY'],
    base: 'https://api.novita.ai/openai/v1',
  }),
  openaiLike({
    id: 'deepinfra',
    title: 'DeepInfra',
    key: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
    base: 'https://api.deepinfra.com/v1/openai',
  }),
  openaiLike({
    id: 'nvidia-nim',
    title: 'NVIDIA NIM',
    key: ['NVIDIA_API_KEY'],
    base: 'https://integrate.api.nvidia.com/v1',
    quirks: { streamUsage: 'never', maxTokensField: 'max_tokens' },
  }),
]

/** Named in the mission documents; their dialects are not spoken yet, and the configuration says so. */
export const plannedProviders: readonly string[] = ['google', 'gemini', 'vertex', 'bedrock', 'cohere']

const byId = new Map(providers.map((record) => [record.id, record]))

export function provider(id: string): ProviderRecord | undefined {
  return byId.get(id)
}
