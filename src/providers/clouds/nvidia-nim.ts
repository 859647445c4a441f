// NVIDIA NIM.

import { openaiLike } from '../openai-like.ts'

export const nvidiaNim = openaiLike({
  id: 'nvidia-nim',
  title: 'NVIDIA NIM',
  key: ['NVIDIA_API_KEY'],
  base: 'https://integrate.api.nvidia.com/v1',
  quirks: { streamUsage: 'never', maxTokensField: 'max_tokens' },
})
