// What is known of a model before it is asked: limits, abilities and rules of its own. Unknown is unknown. A family's own
// table knows more than the list and comes first.

import type { ModelFacts } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import { claudeFacts } from './claude.ts'
import type { ModelEntry } from './entry.ts'
import { geminiFacts } from './gemini.ts'

export { type Catalog, catalog } from './catalog.ts'
export type { ModelEntry } from './entry.ts'

/**
 * Facts of an upstream model as an endpoint of `dialect` serves it; empty where nothing is known.
 * @param entry what the catalogue says of it there.
 */
export function modelFacts(dialect: DialectId, model: string, entry?: ModelEntry): ModelFacts {
  if (dialect === 'gemini') return geminiFacts(model)
  // Converse serves Claude beside others; the names of those are no Claude's.
  const family = dialect === 'anthropic-messages' || dialect === 'bedrock-converse' ? claudeFacts(model) : {}
  if (!entry) return family
  if (Object.keys(family).length > 0)
    return entry.contextTokens === undefined ? family : { contextTokens: entry.contextTokens, ...family }
  return {
    ...(entry.contextTokens === undefined ? {} : { contextTokens: entry.contextTokens }),
    ...(entry.maxOutputTokens === undefined ? {} : { maxOutputTokens: entry.maxOutputTokens }),
    ...(entry.sampling === false ? { sampling: false } : {}),
    ...(entry.efforts === undefined ? {} : { efforts: entry.efforts }),
  }
}
