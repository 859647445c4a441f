// What is known about the company behind a provider, for choosing where data may go. Unknown is null, never a guess.

import type { ProviderRecord } from '../providers/provider.ts'

export interface ProviderMetadata {
  company: string | null
  /** Part of the world the company is at home in. */
  region: string | null
  country: string | null
  /** Where prompts are processed. */
  dataLocation: string | null
  /** null: it depends on where the operator points it. */
  isCloud: boolean | null
}

const at = (company: string, region: string, country: string): ProviderMetadata => ({
  company,
  region,
  country,
  dataLocation: null,
  isCloud: true,
})

const US = ['North America', 'United States'] as const
const CN = ['Asia', 'China'] as const

const KNOWN: Readonly<Record<string, ProviderMetadata>> = {
  openai: at('OpenAI', ...US),
  anthropic: at('Anthropic', ...US),
  azure: at('Microsoft', ...US),
  google: at('Google', ...US),
  gemini: at('Google', ...US),
  vertex: at('Google', ...US),
  bedrock: at('Amazon Web Services', ...US),
  cohere: at('Cohere', 'North America', 'Canada'),
  groq: at('Groq', ...US),
  openrouter: at('OpenRouter', ...US),
  deepseek: at('DeepSeek', ...CN),
  mistral: at('Mistral AI', 'Europe', 'France'),
  together: at('Together AI', ...US),
  xai: at('xAI', ...US),
  perplexity: at('Perplexity', ...US),
  fireworks: at('Fireworks AI', ...US),
  sambanova: at('SambaNova', ...US),
  cerebras: at('Cerebras', ...US),
  huggingface: at('Hugging Face', ...US),
  moonshot: at('Moonshot AI', ...CN),
  qwen: at('Alibaba Cloud', ...CN),
  zai: at('Zhipu AI', ...CN),
  minimax: at('MiniMax', ...CN),
  'nvidia-nim': at('NVIDIA', ...US),
}

export function metadataOf(record: ProviderRecord): ProviderMetadata {
  if (record.local === true)
    return { company: null, region: null, country: null, dataLocation: 'this machine', isCloud: false }
  const unknown = { company: null, region: null, country: null, dataLocation: null, isCloud: null }
  return KNOWN[record.id] ?? (record.base === undefined ? unknown : { ...unknown, isCloud: true })
}

/** Hosts of the operator's own, and the public lists of some vendors, answer without a key. */
export function listsWithoutKey(record: ProviderRecord): boolean {
  return record.local === true || record.base === undefined || record.id === 'openrouter'
}
