// Members of an answer that other dialects lose without a loss: what is read, and what measures the serving.

import { tellsNothing } from '../../core/answer-notes.ts'

export const ofAnswers = tellsNothing({
  answer: ['metrics', 'p', '$metadata'],
  part: ['contentBlockIndex', 'p', 'type'],
  usage: [
    'inputTokens',
    'outputTokens',
    'totalTokens',
    'cacheReadInputTokens',
    'cacheWriteInputTokens',
    // The same counts under the names they once had, which recorded answers carry beside the new ones.
    'cacheReadInputTokenCount',
    'cacheWriteInputTokenCount',
    'cacheDetails',
  ],
})
