// Z.ai.

import { openaiLike } from '../openai-like.ts'

export const zai = openaiLike({
  id: 'zai',
  title: 'Z.ai',
  key: ['ZAI_API_KEY', 'ZHIPUAI_API_KEY'],
  base: 'https://api.z.ai/api/paas/v4',
  quirks: { maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
  paths: { embeddings: '/embeddings' },
})
