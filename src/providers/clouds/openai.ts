// OpenAI.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const openai = openaiLike({
  id: 'openai',
  title: 'OpenAI',
  key: ['OPENAI_API_KEY'],
  base: 'https://api.openai.com/v1',
  quirks: USAGE_ON_REQUEST,
})
