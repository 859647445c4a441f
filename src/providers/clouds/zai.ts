// Z.ai (GLM): its base ends in /v4, error codes are the house's own (429 is also an empty balance), and Claude's dialect
// is spoken at /api/anthropic.

import { openaiLike } from '../openai-like.ts'

export const zai = openaiLike({
  id: 'zai',
  title: 'Z.ai',
  key: ['ZAI_API_KEY', 'ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
  base: 'https://api.z.ai/api/paas/v4',
  quirks: {
    maxTokensField: 'max_tokens',
    reasoningField: 'reasoning_content',
    reasoningOff: { thinking: { type: 'disabled' } },
    efforts: { minimal: 'low', medium: 'high', xhigh: 'max' },
    jsonFormat: 'object',
  },
  also: [{ dialect: 'anthropic-messages', path: '/../../anthropic/v1/messages' }],
  paths: { embeddings: '/embeddings', images: '/images/generations' },
})
