// Qwen on DashScope: no forced tool choice and no whole answer while it thinks, JSON without a schema, ten texts an
// embedding call.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const qwen = openaiLike({
  id: 'qwen',
  title: 'Qwen (DashScope)',
  key: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY'],
  base: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    drop: ['frequency_penalty'],
    reasoningField: 'reasoning_content',
    reasoningOff: { enable_thinking: false },
    toolChoice: 'auto_while_thinking',
    jsonFormat: 'object',
    wholeAnswers: 'unless_thinking',
  },
  paths: { ...OPENAI_PATHS, files: '/files', batches: '/batches' },
})
