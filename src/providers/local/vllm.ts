// vLLM.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const vllm = openaiLike({
  id: 'vllm',
  title: 'vLLM',
  base: 'http://localhost:8000/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
})
