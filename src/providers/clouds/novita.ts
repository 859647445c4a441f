// Novita: the plain form, with latencies in every chunk; what a model refuses is learned from its answer.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const novita = openaiLike({
  id: 'novita',
  title: 'Novita',
  key: ['NOVITA_API_KEY'],
  base: 'https://api.novita.ai/openai/v1',
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
})
