// OpenAI: the house that everybody else copies.

import { OPENAI_PATHS, RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const openai = openaiLike({
  id: 'openai',
  title: 'OpenAI',
  key: ['OPENAI_API_KEY'],
  base: 'https://api.openai.com/v1',
  quirks: { ...USAGE_ON_REQUEST, customTools: 'ok', allowedTools: 'ok' },
  also: [{ ...RESPONSES, countPath: '/responses/input_tokens', compactPath: '/responses/compact' }],
  // All others are chat models, and answer so.
  completionsOnly: /instruct|davinci|babbage/,
  paths: {
    ...OPENAI_PATHS,
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
