// Together.

import { openaiLike } from '../openai-like.ts'

export const together = openaiLike({
  id: 'together',
  title: 'Together',
  key: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  base: 'https://api.together.xyz/v1',
})
