// MiniMax: errors come with HTTP 200 and `base_resp`; reasoning is asked for as a list of its own and must come back.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const minimax = openaiLike({
  id: 'minimax',
  title: 'MiniMax',
  key: ['MINIMAX_API_KEY'],
  base: 'https://api.minimax.io/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_completion_tokens',
    drop: ['logprobs', 'top_logprobs'],
    clamp: { n: { max: 1 } },
    force: { reasoning_split: true },
    toolChoice: 'auto_only',
    jsonFormat: 'text',
    reasoningField: 'reasoning_details',
    reasoningOff: { thinking: { type: 'disabled' } },
    thinkTags: true,
  },
  also: [
    {
      dialect: 'anthropic-messages',
      path: '/../anthropic/v1/messages',
      auth: { type: 'header', name: 'x-api-key' },
    },
  ],
  paths: {},
})
