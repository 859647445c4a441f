// Jan: a key is always required, whatever the user typed there; llama.cpp inside.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const jan = openaiLike({
  id: 'jan',
  title: 'Jan',
  key: ['JAN_API_KEY'],
  base: 'http://localhost:1337/v1',
  local: true,
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
})
