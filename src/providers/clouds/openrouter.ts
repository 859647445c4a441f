// OpenRouter: reasoning_details must come back unchanged; some of its hosts refuse fewer than 16 output tokens.

import { RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const openrouter = openaiLike({
  id: 'openrouter',
  title: 'OpenRouter',
  key: ['OPENROUTER_API_KEY'],
  base: 'https://openrouter.ai/api/v1',
  quirks: {
    toolChoice: 'named',
    ...USAGE_ON_REQUEST,
    reasoningField: 'reasoning_details',
    reasoningOff: { reasoning: { effort: 'none' } },
    clamp: { max_tokens: { min: 16 }, max_completion_tokens: { min: 16 } },
  },
  also: [{ ...RESPONSES, stateless: true }],
})
