// Finish reasons of completions, both ways.

import type { Finish, FinishReason } from '../../core/response.ts'

const READ: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  eos: 'stop',
  length: 'length',
  content_filter: 'content_filter',
}

export function decodeFinish(word: unknown): Finish {
  if (typeof word !== 'string' || word === '') return { reason: 'unknown', raw: null }
  return { reason: READ[word] ?? 'unknown', raw: word }
}

export function encodeFinish({ reason }: Finish): string {
  if (reason === 'length' || reason === 'context_full') return 'length'
  return reason === 'content_filter' || reason === 'refusal' ? 'content_filter' : 'stop'
}
