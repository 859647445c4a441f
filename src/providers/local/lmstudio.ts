// LM Studio.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const lmstudio = openaiLike({
  id: 'lmstudio',
  title: 'LM Studio',
  base: 'http://localhost:1234/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
})
