// LiteLLM, another gateway: it offers what is configured behind it.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from './openai-like.ts'

export const litellm = openaiLike({
  id: 'litellm',
  title: 'LiteLLM',
  base: 'http://localhost:4000/v1',
  quirks: { ...USAGE_ON_REQUEST, thinkingBlocks: true, reasoningField: 'reasoning_content' },
  paths: {
    ...OPENAI_PATHS,
    rerank: '/rerank',
    images: '/images/generations',
    image_edits: '/images/edits',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    moderations: '/moderations',
    files: '/files',
    batches: '/batches',
    realtime: '/realtime',
  },
})
