// Members of an answer that other dialects lose without a loss: what is read, and what only frames it.

import { tellsNothing } from '../../core/answer-notes.ts'
import { isObject } from '../../core/json.ts'

const plain = tellsNothing({
  part: ['index', 'type'],
  usage: [
    'input_tokens',
    'output_tokens',
    'cache_creation_input_tokens',
    'cache_read_input_tokens',
    'cache_creation.ephemeral_5m_input_tokens',
    'cache_creation.ephemeral_1h_input_tokens',
    'output_tokens_details.thinking_tokens',
  ],
})

export const ofAnswers: typeof plain = (where, name, value) =>
  // A call that the model made itself, as every call was before there were others.
  (where === 'part' && name === 'caller' && isObject(value) && value.type === 'direct') ||
  plain(where, name, value)
