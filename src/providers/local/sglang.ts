// SGLang.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const sglang = openaiLike({
  id: 'sglang',
  title: 'SGLang',
  base: 'http://localhost:30000/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
})
