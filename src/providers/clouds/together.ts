// Together: logprobs is a number, stop a list, a finish word is `eos`; an over-long prompt is answered 403.

import { OPENAI_PATHS, openaiLike } from '../openai-like.ts'

export const together = openaiLike({
  id: 'together',
  title: 'Together',
  key: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  base: 'https://api.together.xyz/v1',
  quirks: {
    toolChoice: 'named',
    maxTokensField: 'max_tokens',
    stop: 'list',
    logprobs: 'number',
    thinkTags: true,
  },
  paths: {
    ...OPENAI_PATHS,
    rerank: '/rerank',
    images: '/images/generations',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    translations: '/audio/translations',
    files: '/files',
    batches: '/batches',
  },
})
