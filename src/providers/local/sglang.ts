// SGLang: null is refused where a member is not declared optional.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const sglang = openaiLike({
  id: 'sglang',
  title: 'SGLang',
  key: ['SGLANG_API_KEY'],
  base: 'http://localhost:30000/v1',
  local: true,
  cacheSalt: true,
  quirks: {
    toolChoice: 'named',
    ...USAGE_ON_REQUEST,
    nulls: 'refused',
    reasoningField: 'reasoning_content',
    prefill: 'continue_final_message',
  },
})
