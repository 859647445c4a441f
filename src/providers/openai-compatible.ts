// Any other host that copies OpenAI: all its operations are taken to be there, the host itself says which are not.

import { OPENAI_PATHS, openaiLike } from './openai-like.ts'

export const openaiCompatible = openaiLike({
  id: 'openai-compatible',
  title: 'OpenAI-compatible',
  paths: {
    ...OPENAI_PATHS,
    rerank: '/rerank',
    images: '/images/generations',
    image_edits: '/images/edits',
    image_variations: '/images/variations',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    translations: '/audio/translations',
    moderations: '/moderations',
    files: '/files',
    batches: '/batches',
    realtime: '/realtime',
  },
})
