// rawPredict with an Anthropic body: the model stands in the path, the version in the body, the beta names stay in their
// header. A token count is the other way round: the model in the body, and no beta names, which it refuses.

import { invalid } from '../../core/error.ts'
import { type JsonObject, isObject } from '../../core/json.ts'
import { type Carrier, type Gated, rewritten } from '../carrier.ts'

/** Vertex fetches nothing: an address as a source is refused here, before the call. */
function gate(body: JsonObject, betas: readonly string[]): Gated {
  if (body.messages !== undefined)
    rewritten(body.messages, (node) => {
      if (isObject(node.source) && node.source.type === 'url')
        throw invalid('messages', 'Claude on Vertex takes no URL sources: send the data as base64')
      return undefined
    })
  return { changes: {}, betas: [...betas], notes: [] }
}

export const vertexRaw: Carrier = {
  omit: ['model'],
  add: { anthropic_version: 'vertex-2023-10-16' },
  plainCount: true,
  gate,
}
