// Cloudflare Workers AI: the account stands in the base URL, so it must be given; old models stop at 256 tokens unasked.
// Frames of its own come beside OpenAI's, and its finish word is unreliable.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const cloudflareWorkersAi = openaiLike({
  id: 'cloudflare-workers-ai',
  title: 'Cloudflare Workers AI',
  key: ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_API_KEY'],
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    toolChoice: 'auto_only',
    content: 'string',
    frames: 'cloudflare',
  },
  paths: { embeddings: '/embeddings', models: '/../models/search' },
})
