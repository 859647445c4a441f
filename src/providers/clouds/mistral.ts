// Mistral refuses members it does not know (422); ids of tool calls are nine letters or digits; reasoning is a content
// part; usage always comes with the last chunk.

import { openaiLike } from '../openai-like.ts'

export const mistral = openaiLike({
  id: 'mistral',
  title: 'Mistral',
  key: ['MISTRAL_API_KEY'],
  base: 'https://api.mistral.ai/v1',
  quirks: {
    toolChoice: 'named',
    streamUsage: 'never',
    instructionRole: 'system',
    maxTokensField: 'max_tokens',
    rename: { seed: 'random_seed' },
    drop: [
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'user',
      'store',
      'verbosity',
      'modalities',
      'audio',
      'web_search_options',
      'safety_identifier',
      'prompt_cache_retention',
    ],
    efforts: { minimal: 'none', low: 'high', medium: 'high', xhigh: 'high', max: 'high' },
    reasoningField: 'thinking_parts',
    reasoningOff: { reasoning_effort: 'none' },
    toolCallIds: 'nine',
    prefill: 'prefix_echoed',
    toolParameters: 'required',
  },
  also: [
    {
      // Code between a beginning and an end; the answer is of Chat's shape.
      dialect: 'openai-completions',
      path: '/fim/completions',
      onlyWith: 'suffix',
      quirks: {
        textIn: 'message',
        rename: { seed: 'random_seed' },
        drop: [
          'n',
          'best_of',
          'echo',
          'logprobs',
          'logit_bias',
          'presence_penalty',
          'frequency_penalty',
          'user',
          'stream_options',
        ],
      },
    },
  ],
  paths: {
    embeddings: '/embeddings',
    models: '/models',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    moderations: '/moderations',
    files: '/files',
  },
})
