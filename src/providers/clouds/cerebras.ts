// Cerebras.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const cerebras = openaiLike({
  id: 'cerebras',
  title: 'Cerebras',
  key: ['CEREBRAS_API_KEY'],
  base: 'https://api.cerebras.ai/v1',
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_completion_tokens' },
  paths: { models: '/models' },
})
