// Fireworks.

import { openaiLike } from '../openai-like.ts'

export const fireworks = openaiLike({
  id: 'fireworks',
  title: 'Fireworks',
  key: ['FIREWORKS_API_KEY'],
  base: 'https://api.fireworks.ai/inference/v1',
})
