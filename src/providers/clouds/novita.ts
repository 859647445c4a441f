// Novita.

import { openaiLike } from '../openai-like.ts'

export const novita = openaiLike({
  id: 'novita',
  title: 'Novita',
  key: ['NOVITA_API_KEY'],
  base: 'https://api.novita.ai/openai/v1',
})
