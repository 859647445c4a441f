// llama.cpp's server. A conversation that ends with an assistant turn is continued, not answered.

import { OPENAI_PATHS, RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const llamacpp = openaiLike({
  id: 'llamacpp',
  title: 'llama.cpp',
  key: ['LLAMA_API_KEY'],
  base: 'http://localhost:8080/v1',
  local: true,
  also: [{ ...RESPONSES, stateless: true, functionsOnly: true }],
  quirks: { ...USAGE_ON_REQUEST, reasoningField: 'reasoning_content', prefill: 'implicit' },
  paths: { ...OPENAI_PATHS, rerank: '/rerank' },
})
