// SambaNova.

import { openaiLike } from '../openai-like.ts'

export const sambanova = openaiLike({
  id: 'sambanova',
  title: 'SambaNova',
  key: ['SAMBANOVA_API_KEY'],
  base: 'https://api.sambanova.ai/v1',
})
