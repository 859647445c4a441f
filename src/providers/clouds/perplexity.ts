// Perplexity.

import { openaiLike } from '../openai-like.ts'

export const perplexity = openaiLike({
  id: 'perplexity',
  title: 'Perplexity',
  key: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  base: 'https://api.perplexity.ai',
  quirks: { maxTokensField: 'max_tokens', drop: ['seed', 'stop'] },
  paths: {},
})
