// Jina: embeddings and rerank.

import type { ProviderRecord } from '../provider.ts'
import { jinaEmbed } from '../shapes/jina-embed.ts'
import { openRerank } from '../shapes/reranks.ts'

export const jina: ProviderRecord = {
  id: 'jina',
  title: 'Jina',
  env: { key: ['JINA_API_KEY'] },
  base: 'https://api.jina.ai/v1',
  auth: { type: 'bearer' },
  speaks: [],
  paths: { embeddings: '/embeddings', rerank: '/rerank' },
  shapes: { embeddings: jinaEmbed, rerank: openRerank },
  quirks: {},
}
