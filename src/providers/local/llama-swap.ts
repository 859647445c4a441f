// llama-swap starts and stops one engine per model: a first byte may take as long as a model takes to load.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const llamaSwap = openaiLike({
  id: 'llama-swap',
  title: 'llama-swap',
  base: 'http://localhost:8080/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
  paths: { ...OPENAI_PATHS, speech: '/audio/speech', transcriptions: '/audio/transcriptions' },
})
