// Members of an answer that other dialects lose without a loss: what is read, and what only frames it.

import { tellsNothing } from '../../core/answer-notes.ts'

export const ofAnswers = tellsNothing({
  part: ['index', 'type'],
  usage: [
    'billed_units.input_tokens',
    'billed_units.output_tokens',
    'tokens.input_tokens',
    'tokens.output_tokens',
    'cached_tokens',
  ],
})
