// DeepInfra: for Gemini and Gemma the completion count leaves out reasoning, which shows where reasoning is larger.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const deepinfra = openaiLike({
  id: 'deepinfra',
  title: 'DeepInfra',
  key: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  base: 'https://api.deepinfra.com/v1/openai',
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    outputExcludesReasoning: 'if_larger',
    reasoningField: 'reasoning_content',
  },
  paths: { ...OPENAI_PATHS, images: '/images/generations', transcriptions: '/audio/transcriptions' },
})
