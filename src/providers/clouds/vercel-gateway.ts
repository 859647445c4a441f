// Vercel's AI Gateway: OpenRouter's reasoning_details, usage with the finish chunk.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const vercelGateway = openaiLike({
  id: 'vercel-gateway',
  title: 'Vercel AI Gateway',
  key: ['AI_GATEWAY_API_KEY'],
  base: 'https://ai-gateway.vercel.sh/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    outputExcludesReasoning: 'if_larger',
    reasoningField: 'reasoning_details',
  },
  paths: { embeddings: '/embeddings', models: '/models', images: '/images/generations' },
})
