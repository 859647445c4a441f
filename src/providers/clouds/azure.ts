// Azure OpenAI.

import { openaiLike } from '../openai-like.ts'

export const azure = openaiLike({
  id: 'azure',
  title: 'Azure OpenAI',
  key: ['AZURE_OPENAI_API_KEY'],
  auth: { type: 'header', name: 'api-key' },
})
