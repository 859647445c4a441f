// Qwen (DashScope).

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const qwen = openaiLike({
  id: 'qwen',
  title: 'Qwen (DashScope)',
  key: ['DASHSCOPE_API_KEY'],
  base: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', reasoningField: 'reasoning_content' },
})
