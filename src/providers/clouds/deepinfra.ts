// DeepInfra.

import { openaiLike } from '../openai-like.ts'

export const deepinfra = openaiLike({
  id: 'deepinfra',
  title: 'DeepInfra',
  key: ['DEEPINFRA_API_KEY', 'DEEPINFRA_TOKEN'],
  base: 'https://api.deepinfra.com/v1/openai',
})
