// Hugging Face's router: the answer is whatever the provider behind it says, unnormalised; chat only.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const huggingface = openaiLike({
  id: 'huggingface',
  title: 'Hugging Face',
  key: ['HF_TOKEN', 'HUGGINGFACE_HUB_TOKEN'],
  base: 'https://router.huggingface.co/v1',
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', thinkTags: true },
  paths: { models: '/models' },
})
