// Groq.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const groq = openaiLike({
  id: 'groq',
  title: 'Groq',
  key: ['GROQ_API_KEY'],
  base: 'https://api.groq.com/openai/v1',
  quirks: { ...USAGE_ON_REQUEST, drop: ['logit_bias', 'logprobs', 'top_logprobs'] },
})
