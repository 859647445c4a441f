// Perplexity: roles must alternate, there are no tools, seed, stop or second choice; usage runs along in every chunk.
// Marks like [1] in the text point into lists of sources beside it.

import { openaiLike } from '../openai-like.ts'

export const perplexity = openaiLike({
  id: 'perplexity',
  title: 'Perplexity',
  key: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  base: 'https://api.perplexity.ai',
  quirks: {
    maxTokensField: 'max_tokens',
    drop: ['seed', 'stop', 'logit_bias', 'tools', 'tool_choice', 'parallel_tool_calls'],
    clamp: { n: { max: 1 } },
    alternateRoles: true,
    content: 'string',
    reasoningField: 'none',
    thinkTags: true,
    citations: 'numbered',
  },
  paths: { embeddings: '/v1/embeddings' },
})
