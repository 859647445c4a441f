// What is known of a model before it is asked: limits, abilities and rules of its own. Unknown is unknown.

import type { ModelFacts } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import { claudeFacts } from './claude.ts'
import { geminiFacts } from './gemini.ts'

/** Facts of an upstream model as an endpoint of `dialect` serves it; empty where nothing is known. */
export function modelFacts(dialect: DialectId, model: string): ModelFacts {
  if (dialect === 'gemini') return geminiFacts(model)
  // Converse serves Claude beside others; the names of those are no Claude's.
  return dialect === 'anthropic-messages' || dialect === 'bedrock-converse' ? claudeFacts(model) : {}
}
