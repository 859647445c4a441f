// MiniMax.

import { openaiLike } from '../openai-like.ts'

export const minimax = openaiLike({
  id: 'minimax',
  title: 'MiniMax',
  key: ['MINIMAX_API_KEY'],
  base: 'https://api.minimax.io/v1',
  quirks: { maxTokensField: 'max_completion_tokens' },
  paths: {},
})
