// Token counts, normalised once. `input` includes what was read from and written to a cache, `output` includes
// reasoning: OpenAI's convention. A count nobody reported is undefined, never 0.

import type { JsonObject } from './json.ts'
import type { DialectId } from './origin.ts'

export interface Usage {
  input?: number
  output?: number
  total?: number
  cacheRead?: number
  cacheWrite?: number
  /** Part of cacheWrite with a one-hour lifetime. */
  cacheWrite1h?: number
  reasoning?: number
  audioInput?: number
  audioOutput?: number
  acceptedPrediction?: number
  rejectedPrediction?: number
  /** The counts as the upstream wrote them; the last report wins, key by key. */
  raw?: { dialect: DialectId; value: JsonObject }
}
