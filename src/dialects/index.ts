// Every generation dialect there is. The gateway, the client library and the suites look dialects up here; nothing else
// names them one by one.

import type { GenerationDialect } from '../core/dialect.ts'
import type { DialectId } from '../core/origin.ts'
import { anthropicMessages } from './anthropic-messages/index.ts'
import { bedrockConverse } from './bedrock-converse/index.ts'
import { gemini } from './gemini/index.ts'
import { openaiChat } from './openai-chat/index.ts'

export const dialects: ReadonlyMap<DialectId, GenerationDialect> = new Map(
  [openaiChat, anthropicMessages, gemini, bedrockConverse].map((dialect) => [dialect.id, dialect]),
)
