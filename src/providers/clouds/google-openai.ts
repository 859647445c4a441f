// Google's OpenAI-compatible endpoint: calls without ids, thinking that only the total tells, signatures in extra_content.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const googleOpenai = openaiLike({
  id: 'google-openai',
  title: 'Google (OpenAI-compatible)',
  key: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  base: 'https://generativelanguage.googleapis.com/v1beta/openai',
  quirks: {
    ...USAGE_ON_REQUEST,
    outputExcludesReasoning: 'from_total',
    thinkTags: true,
    toolCallIds: 'repeated',
  },
  paths: { embeddings: '/embeddings', models: '/models', images: '/images/generations' },
})
