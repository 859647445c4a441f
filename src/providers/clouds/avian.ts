// Avian: the finish word comes twice, ids repeat every turn.

import { openaiLike } from '../openai-like.ts'

export const avian = openaiLike({
  id: 'avian',
  title: 'Avian',
  key: ['AVIAN_API_KEY'],
  base: 'https://api.avian.io/v1',
  quirks: { maxTokensField: 'max_tokens', reasoningField: 'reasoning_content', toolCallIds: 'repeated' },
  paths: { models: '/models' },
})
