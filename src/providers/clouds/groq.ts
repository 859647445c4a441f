// Groq: no log-probabilities, one choice, JSON format and tools exclude each other, ids repeat every turn; a failing tool
// call arrives in mid-stream as `event: error`.

import { RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const groq = openaiLike({
  id: 'groq',
  title: 'Groq',
  key: ['GROQ_API_KEY'],
  base: 'https://api.groq.com/openai/v1',
  quirks: {
    toolChoice: 'named',
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_completion_tokens',
    drop: ['logit_bias', 'logprobs', 'top_logprobs', 'store', 'metadata'],
    clamp: { n: { max: 1 } },
    messageName: 'refused',
    jsonOrTools: true,
    reasoningField: 'none',
  },
  also: [{ ...RESPONSES, stateless: true }],
  paths: {
    embeddings: '/embeddings',
    models: '/models',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    translations: '/audio/translations',
    files: '/files',
    batches: '/batches',
  },
})
