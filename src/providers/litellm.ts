// LiteLLM.

import { USAGE_ON_REQUEST, openaiLike } from './openai-like.ts'

export const litellm = openaiLike({
  id: 'litellm',
  title: 'LiteLLM',
  base: 'http://localhost:4000/v1',
  quirks: USAGE_ON_REQUEST,
})
