// OpenAI-compatible.

import { openaiLike } from './openai-like.ts'

export const openaiCompatible = openaiLike({ id: 'openai-compatible', title: 'OpenAI-compatible' })
