// Crusoe: vLLM with a key.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const crusoe = openaiLike({
  id: 'crusoe',
  title: 'Crusoe',
  key: ['CRUSOE_API_KEY'],
  base: 'https://api.inference.crusoecloud.com/v1',
  quirks: { toolChoice: 'named', ...USAGE_ON_REQUEST, orphans: 'refused', reasoningField: 'reasoning' },
  paths: { models: '/models' },
})
