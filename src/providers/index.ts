// Every provider Trunkline speaks to, in the order lists show them. A record is data in a file of its own; facts are
// the vendors' own pages and SDKs, quirks are deviations from the dialect, as recorded or documented.

import { anthropic } from './clouds/anthropic.ts'
import { avian } from './clouds/avian.ts'
import { azure } from './clouds/azure.ts'
import { azureAnthropic } from './clouds/azure-anthropic.ts'
import { bedrock, bedrockAgent, bedrockAnthropic, bedrockMantle } from './clouds/bedrock.ts'
import { cerebras } from './clouds/cerebras.ts'
import { cloudflareWorkersAi } from './clouds/cloudflare-workers-ai.ts'
import { cohere } from './clouds/cohere.ts'
import { crusoe } from './clouds/crusoe.ts'
import { deepinfra } from './clouds/deepinfra.ts'
import { deepseek } from './clouds/deepseek.ts'
import { fireworks } from './clouds/fireworks.ts'
import { google } from './clouds/google.ts'
import { googleOpenai } from './clouds/google-openai.ts'
import { groq } from './clouds/groq.ts'
import { heroku } from './clouds/heroku.ts'
import { huggingface } from './clouds/huggingface.ts'
import { minimaxCn } from './clouds/minimax-cn.ts'
import { minimax } from './clouds/minimax.ts'
import { mistral } from './clouds/mistral.ts'
import { moonshotCn } from './clouds/moonshot-cn.ts'
import { moonshot } from './clouds/moonshot.ts'
import { novita } from './clouds/novita.ts'
import { nvidiaNim } from './clouds/nvidia-nim.ts'
import { ollamaCloud } from './clouds/ollama-cloud.ts'
import { openai } from './clouds/openai.ts'
import { openrouter } from './clouds/openrouter.ts'
import { perplexity } from './clouds/perplexity.ts'
import { qwenCn } from './clouds/qwen-cn.ts'
import { qwen } from './clouds/qwen.ts'
import { sambanova } from './clouds/sambanova.ts'
import { snowflakeCortex } from './clouds/snowflake-cortex.ts'
import { together } from './clouds/together.ts'
import { vercelGateway } from './clouds/vercel-gateway.ts'
import { vertex, vertexAnthropic } from './clouds/vertex.ts'
import { xai } from './clouds/xai.ts'
import { zaiCoding } from './clouds/zai-coding.ts'
import { zai } from './clouds/zai.ts'
import { zhipuCn } from './clouds/zhipu-cn.ts'
import { jina } from './clouds/jina.ts'
import { voyage } from './clouds/voyage.ts'
import { litellm } from './litellm.ts'
import { dockerModelRunner } from './local/docker-model-runner.ts'
import { jan } from './local/jan.ts'
import { llamaSwap } from './local/llama-swap.ts'
import { llamacpp } from './local/llamacpp.ts'
import { lmstudio } from './local/lmstudio.ts'
import { localai } from './local/localai.ts'
import { ollama } from './local/ollama.ts'
import { sglang } from './local/sglang.ts'
import { tabbyapi } from './local/tabbyapi.ts'
import { tgi } from './local/tgi.ts'
import { vllm } from './local/vllm.ts'
import { openaiCompatible } from './openai-compatible.ts'
import type { ProviderRecord } from './provider.ts'

export const providers: readonly ProviderRecord[] = [
  openai,
  anthropic,
  openaiCompatible,
  azure,
  azureAnthropic,
  bedrock,
  bedrockAnthropic,
  bedrockMantle,
  bedrockAgent,
  cohere,
  jina,
  voyage,
  ollama,
  ollamaCloud,
  lmstudio,
  vllm,
  llamacpp,
  sglang,
  localai,
  dockerModelRunner,
  llamaSwap,
  tgi,
  tabbyapi,
  jan,
  litellm,
  groq,
  openrouter,
  deepseek,
  mistral,
  together,
  xai,
  perplexity,
  fireworks,
  sambanova,
  cerebras,
  huggingface,
  moonshot,
  moonshotCn,
  qwen,
  qwenCn,
  zai,
  zaiCoding,
  zhipuCn,
  minimax,
  minimaxCn,
  novita,
  deepinfra,
  nvidiaNim,
  google,
  vertex,
  vertexAnthropic,
  googleOpenai,
  cloudflareWorkersAi,
  vercelGateway,
  crusoe,
  avian,
  snowflakeCortex,
  heroku,
]

/** Retired by their vendors: named, so that the answer is clear. */
export const retiredProviders: Readonly<Record<string, string>> = {
  'github-models': 'GitHub Models was switched off on 2026-07-30 and answers 410 Gone; use another provider',
}

/** Other names of a provider. */
export const providerAliases: Readonly<Record<string, string>> = {
  gemini: 'google',
  'vertex-ai': 'vertex',
  vertex_ai: 'vertex',
}

const byId = new Map(providers.map((record) => [record.id, record]))

export function provider(id: string): ProviderRecord | undefined {
  return byId.get(id) ?? byId.get(providerAliases[id] ?? '')
}
