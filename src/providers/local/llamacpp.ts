// llama.cpp.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const llamacpp = openaiLike({
  id: 'llamacpp',
  title: 'llama.cpp',
  base: 'http://localhost:8080/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
})
