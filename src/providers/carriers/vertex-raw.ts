// rawPredict with an Anthropic body: the model stands in the path, the version in the body, the beta names stay in their
// header. A token count is the other way round: the model in the body, and no beta names, which it refuses.

import type { Carrier } from '../carrier.ts'

export const vertexRaw: Carrier = {
  omit: ['model'],
  add: { anthropic_version: 'vertex-2023-10-16' },
  plainCount: true,
}
