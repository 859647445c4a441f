// Hugging Face.

import { openaiLike } from '../openai-like.ts'

export const huggingface = openaiLike({
  id: 'huggingface',
  title: 'Hugging Face',
  key: ['HF_TOKEN'],
  base: 'https://router.huggingface.co/v1',
})
