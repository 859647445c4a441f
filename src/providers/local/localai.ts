// LocalAI: the whole OpenAI surface on the operator's box; reasoning is `reasoning` and accepted back.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const localai = openaiLike({
  id: 'localai',
  title: 'LocalAI',
  key: ['LOCALAI_API_KEY'],
  base: 'http://localhost:8080/v1',
  local: true,
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning' },
  paths: {
    ...OPENAI_PATHS,
    rerank: '/rerank',
    images: '/images/generations',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    realtime: '/realtime',
  },
})
