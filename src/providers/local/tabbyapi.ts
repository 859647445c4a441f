// TabbyAPI (ExLlama): its key goes as a bearer token too.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const tabbyapi = openaiLike({
  id: 'tabbyapi',
  title: 'TabbyAPI',
  key: ['TABBY_API_KEY'],
  base: 'http://localhost:5000/v1',
  local: true,
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
})
