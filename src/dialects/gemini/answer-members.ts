// Members of an answer that other dialects lose without a loss: what is read, and what only frames it.

import { tellsNothing } from '../../core/answer-notes.ts'

const plain = tellsNothing({
  answer: ['createTime'],
  // Recitations are citations.
  choice: ['citationMetadata'],
  part: ['thoughtSignature'],
  usage: [
    'promptTokenCount',
    'toolUsePromptTokenCount',
    'candidatesTokenCount',
    'thoughtsTokenCount',
    'totalTokenCount',
    'cachedContentTokenCount',
    // The same counts again, by modality.
    'promptTokensDetails',
    'candidatesTokensDetails',
    'cacheTokensDetails',
    'toolUsePromptTokensDetails',
  ],
})

export const ofAnswers: typeof plain = (where, name, value) =>
  // What is said of a filtered answer is told as a refusal.
  (where === 'finish' && name === 'content_filter') || plain(where, name, value)
