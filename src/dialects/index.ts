// Every generation dialect there is. The gateway, the client library and the suites look dialects up here; nothing else
// names them one by one.

import type { GenerationDialect } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import { gemini } from './gemini/index.ts'
import { ollama, ollamaGenerate } from './ollama/index.ts'
import { cohereChat } from './cohere/index.ts'
import { openaiChat } from './openai-chat/index.ts'
import { openaiCompletions } from './openai-completions/index.ts'
import { openaiResponses } from './openai-responses/index.ts'

const all: readonly GenerationDialect[] = [
  openaiChat,
  openaiResponses,
  anthropicMessages,
  gemini,
  bedrockConverse,
  cohereChat,
  ollama,
  ollamaGenerate,
  openaiCompletions,
]

export const dialects: ReadonlyMap<DialectId, GenerationDialect> = new Map(
  all.map((dialect) => [dialect.id, dialect]),
)
