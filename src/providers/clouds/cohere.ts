// Cohere: Chat v2, embeddings and rerank in its own shapes (src/dialects/cohere, src/providers/shapes).

import type { ProviderRecord } from '../provider.ts'
import { cohereEmbed } from '../shapes/cohere-embed.ts'
import { cohereRerank } from '../shapes/reranks.ts'

export const cohere: ProviderRecord = {
  id: 'cohere',
  title: 'Cohere',
  env: { key: ['COHERE_API_KEY', 'CO_API_KEY'] },
  base: 'https://api.cohere.com/v2',
  auth: { type: 'bearer' },
  speaks: [{ dialect: 'cohere', path: '/chat' }],
  paths: { embeddings: '/embed', rerank: '/rerank', models: '/../v1/models' },
  shapes: { embeddings: cohereEmbed, rerank: cohereRerank },
  quirks: {},
}
