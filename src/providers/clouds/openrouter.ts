// OpenRouter.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const openrouter = openaiLike({
  id: 'openrouter',
  title: 'OpenRouter',
  key: ['OPENROUTER_API_KEY'],
  base: 'https://openrouter.ai/api/v1',
  quirks: USAGE_ON_REQUEST,
})
