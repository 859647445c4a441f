// DeepSeek.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const deepseek = openaiLike({
  id: 'deepseek',
  title: 'DeepSeek',
  key: ['DEEPSEEK_API_KEY'],
  base: 'https://api.deepseek.com/v1',
  // Tool loops are refused without the reasoning text of the turn.
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
  paths: { models: '/models' },
})
