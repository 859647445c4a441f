// Every provider Trunkline speaks to, in the order lists show them. A record is data in a file of its own; facts are
// the vendors' own pages and SDKs, quirks are deviations from the dialect, as recorded or documented.

import { anthropic } from './clouds/anthropic.ts'
import { azure } from './clouds/azure.ts'
import { cerebras } from './clouds/cerebras.ts'
import { deepinfra } from './clouds/deepinfra.ts'
import { deepseek } from './clouds/deepseek.ts'
import { fireworks } from './clouds/fireworks.ts'
import { groq } from './clouds/groq.ts'
import { huggingface } from './clouds/huggingface.ts'
import { minimax } from './clouds/minimax.ts'
import { mistral } from './clouds/mistral.ts'
import { moonshot } from './clouds/moonshot.ts'
import { novita } from './clouds/novita.ts'
import { nvidiaNim } from './clouds/nvidia-nim.ts'
import { openai } from './clouds/openai.ts'
import { openrouter } from './clouds/openrouter.ts'
import { perplexity } from './clouds/perplexity.ts'
import { qwen } from './clouds/qwen.ts'
import { sambanova } from './clouds/sambanova.ts'
import { together } from './clouds/together.ts'
import { xai } from './clouds/xai.ts'
import { zai } from './clouds/zai.ts'
import { litellm } from './litellm.ts'
import { llamacpp } from './local/llamacpp.ts'
import { lmstudio } from './local/lmstudio.ts'
import { ollama } from './local/ollama.ts'
import { sglang } from './local/sglang.ts'
import { vllm } from './local/vllm.ts'
import { openaiCompatible } from './openai-compatible.ts'
import type { ProviderRecord } from './provider.ts'

export const providers: readonly ProviderRecord[] = [
  openai,
  anthropic,
  openaiCompatible,
  azure,
  ollama,
  lmstudio,
  vllm,
  llamacpp,
  sglang,
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
  qwen,
  zai,
  minimax,
  novita,
  deepinfra,
  nvidiaNim,
]

/** Named in the mission documents; their dialects are not spoken yet, and the configuration says so. */
export const plannedProviders: readonly string[] = ['google', 'gemini', 'vertex', 'bedrock', 'cohere']

const byId = new Map(providers.map((record) => [record.id, record]))

export function provider(id: string): ProviderRecord | undefined {
  return byId.get(id)
}
