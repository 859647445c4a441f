// Docker Model Runner: llama.cpp or vLLM behind the daemon's own port; it behaves like the engine underneath.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const dockerModelRunner = openaiLike({
  id: 'docker-model-runner',
  title: 'Docker Model Runner',
  base: 'http://localhost:12434/engines/v1',
  local: true,
  quirks: { ...USAGE_ON_REQUEST, reasoningField: 'reasoning_content' },
})
