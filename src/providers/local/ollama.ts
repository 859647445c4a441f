// Ollama. Its /v1 knows few members: max_completion_tokens is ignored (unbounded output), n and tool_choice have no
// effect, reasoning is `reasoning` in and out; the native API carries keep_alive, num_ctx and the rest.

import { OPENAI_PATHS, RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const ollama = openaiLike({
  id: 'ollama',
  title: 'Ollama',
  key: ['OLLAMA_API_KEY'],
  base: 'http://localhost:11434/v1',
  local: true,
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    reasoningField: 'reasoning',
    content: 'string',
    drop: ['n', 'logit_bias'],
  },
  also: [
    { ...RESPONSES, stateless: true, functionsOnly: true },
    { dialect: 'ollama', path: '/../api/chat' },
    { dialect: 'ollama-generate', path: '/../api/generate' },
  ],
  paths: { ...OPENAI_PATHS, transcriptions: '/audio/transcriptions' },
})
