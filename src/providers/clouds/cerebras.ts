// Cerebras refuses unknown members; reasoning goes back as `reasoning`; the limiter reserves max_completion_tokens.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const cerebras = openaiLike({
  id: 'cerebras',
  title: 'Cerebras',
  key: ['CEREBRAS_API_KEY'],
  base: 'https://api.cerebras.ai/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_completion_tokens',
    drop: ['store', 'metadata', 'verbosity', 'logit_bias', 'frequency_penalty', 'presence_penalty'],
    reasoningField: 'reasoning',
  },
  paths: { completions: '/completions', models: '/models' },
})
