// SambaNova: what a model refuses is learned from its answer; reasoning may stay in the text.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const sambanova = openaiLike({
  id: 'sambanova',
  title: 'SambaNova',
  key: ['SAMBANOVA_API_KEY'],
  base: 'https://api.sambanova.ai/v1',
  quirks: { ...USAGE_ON_REQUEST, thinkTags: true },
  paths: { ...OPENAI_PATHS, transcriptions: '/audio/transcriptions', translations: '/audio/translations' },
})
