// Voyage AI: embeddings and rerank.

import type { ProviderRecord } from '../provider.ts'
import { voyageRerank } from '../shapes/reranks.ts'
import { voyageEmbed } from '../shapes/voyage-embed.ts'

export const voyage: ProviderRecord = {
  id: 'voyage',
  title: 'Voyage AI',
  env: { key: ['VOYAGE_API_KEY'] },
  base: 'https://api.voyageai.com/v1',
  auth: { type: 'bearer' },
  speaks: [],
  paths: { embeddings: '/embeddings', rerank: '/rerank' },
  shapes: { embeddings: voyageEmbed, rerank: voyageRerank },
  quirks: {},
}
