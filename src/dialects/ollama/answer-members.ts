// Members of an answer that other dialects lose without a loss: what is read, and what measures the serving. `context` is
// the conversation so far as tokens: who speaks another dialect sends it as messages.

import { tellsNothing } from '../../core/answer-notes.ts'
import { COUNTERS } from './usage.ts'

export const ofAnswers = tellsNothing({ answer: ['context'], part: ['index'], usage: COUNTERS })
