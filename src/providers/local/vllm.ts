// vLLM: members that mean nothing alone are 400; reasoning is `reasoning` (older builds: reasoning_content, both are
// read). Prompt caches of different callers are kept apart by cache_salt.

import { OPENAI_PATHS, RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const vllm = openaiLike({
  id: 'vllm',
  title: 'vLLM',
  key: ['VLLM_API_KEY'],
  base: 'http://localhost:8000/v1',
  local: true,
  cacheSalt: true,
  also: [{ ...RESPONSES, stateless: true }],
  quirks: {
    toolChoice: 'named',
    ...USAGE_ON_REQUEST,
    orphans: 'refused',
    reasoningField: 'reasoning',
    thinkTags: true,
    prefill: 'continue_final_message',
  },
  paths: {
    ...OPENAI_PATHS,
    rerank: '/rerank',
    transcriptions: '/audio/transcriptions',
    translations: '/audio/translations',
  },
})
