// Members of Chat and completion answers that other dialects lose without a loss: what is read, what only frames it, and
// what measures the serving.

import { tellsNothing } from '../../core/answer-notes.ts'

export const ofAnswers = tellsNothing({
  answer: ['object', 'obfuscation', 'x_groq', 'time_info', 'timings'],
  // Read as reasoning.
  choice: ['reasoning_details', 'provider'],
  part: ['index', 'type'],
  usage: [
    'prompt_tokens',
    'completion_tokens',
    'total_tokens',
    'reasoning_tokens',
    'prompt_tokens_details.text_tokens',
    'prompt_tokens_details.cached_tokens',
    'prompt_tokens_details.audio_tokens',
    'prompt_tokens_details.cache_write_tokens',
    'prompt_tokens_details.cache_creation_input_tokens',
    'completion_tokens_details.text_tokens',
    'completion_tokens_details.reasoning_tokens',
    'completion_tokens_details.audio_tokens',
    'completion_tokens_details.accepted_prediction_tokens',
    'completion_tokens_details.rejected_prediction_tokens',
    'prompt_cache_hit_tokens',
    // What is left of the prompt.
    'prompt_cache_miss_tokens',
    'cached_tokens',
    'num_cached_tokens',
    'cache_creation_input_tokens',
    'cache_read_input_tokens',
    'queue_time',
    'prompt_time',
    'completion_time',
    'total_time',
  ],
})
