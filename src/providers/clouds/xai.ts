// xAI: completion tokens exclude reasoning; which models refuse penalties and stop is catalogue data.

import { RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const xai = openaiLike({
  id: 'xai',
  title: 'xAI',
  key: ['XAI_API_KEY'],
  base: 'https://api.x.ai/v1',
  quirks: { ...USAGE_ON_REQUEST, outputExcludesReasoning: true, reasoningField: 'reasoning_content' },
  also: [RESPONSES],
  paths: { embeddings: '/embeddings', models: '/models', images: '/images/generations' },
})
