// The two native forms, /api/chat and /api/generate: one protocol whose requests and answers keep the words of the
// conversation in different members. Everything else is shared.

import type { DialectId } from '../../core/origin.ts'

export type Form = 'chat' | 'generate'

export const DIALECT: Readonly<Record<Form, DialectId>> = { chat: 'ollama', generate: 'ollama-generate' }

/** Nodes of either form are at home in both. */
export function isOwn(dialect: string | undefined): boolean {
  return dialect === 'ollama' || dialect === 'ollama-generate'
}
