// Ollama.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const ollama = openaiLike({
  id: 'ollama',
  title: 'Ollama',
  base: 'http://localhost:11434/v1',
  local: true,
  quirks: USAGE_ON_REQUEST,
})
