// Mistral.

import { openaiLike } from '../openai-like.ts'

export const mistral = openaiLike({
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
  paths: { embeddings: '/embeddings', models: '/models' },
})
