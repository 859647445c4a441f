// Fireworks: effort words end at high.

import { OPENAI_PATHS, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const fireworks = openaiLike({
  id: 'fireworks',
  title: 'Fireworks',
  key: ['FIREWORKS_API_KEY'],
  base: 'https://api.fireworks.ai/inference/v1',
  quirks: {
    toolChoice: 'named',
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    efforts: { minimal: 'low', xhigh: 'high', max: 'high' },
    reasoningField: 'reasoning_content',
    reasoningOff: { reasoning_effort: 'none' },
  },
  paths: { ...OPENAI_PATHS, transcriptions: '/audio/transcriptions', translations: '/audio/translations' },
})
