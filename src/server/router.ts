// Every public path on one page.

import { anthropicMessages } from '../dialects/anthropic-messages/index.ts'
import { ollama, ollamaGenerate } from '../dialects/ollama/index.ts'
import { openaiChat } from '../dialects/openai-chat/index.ts'
import { openaiCompletions } from '../dialects/openai-completions/index.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import { geminiMethod, isGeminiPath } from './api/gemini.ts'
import { operation } from './api/generate.ts'
import { health, healthz, liveliness, readiness } from './api/health.ts'
import { metrics } from './api/metrics.ts'
import { getModel, listModels } from './api/models.ts'
import { responsePath } from './api/responses.ts'
import { embed, embedOne, root, running, show, tags, version } from './api/ollama.ts'
import { PREFIX, admin, apiDocument } from './api/admin.ts'
import { playground } from './api/playground.ts'
import { isPinned, pinned } from './api/pinned.ts'
import { consolePage } from './console.ts'
import { type Handler, sendJson } from './context.ts'

export interface PublicPath {
  handler: Handler
  /** Answered without a key. */
  open: boolean
}

const chat = operation('chat', openaiChat)
const responses = operation('chat', openaiResponses)
const countResponse = operation('count_tokens', openaiResponses)
const compactResponse = operation('compact', openaiResponses)
const messages = operation('chat', anthropicMessages)
const countTokens = operation('count_tokens', anthropicMessages)
const embeddings = operation('embeddings', openaiChat)
const rerank = operation('rerank', openaiChat)
const completions = operation('chat', openaiCompletions)

/** The pipeline identifies callers of POST paths itself; `open` is about the GETs handled before it. */
const PATHS: Readonly<Record<string, PublicPath>> = {
  'POST /v1/chat/completions': { handler: chat, open: true },
  'POST /chat/completions': { handler: chat, open: true },
  'POST /v1/responses': { handler: responses, open: true },
  'POST /responses': { handler: responses, open: true },
  'POST /v1/responses/input_tokens': { handler: countResponse, open: true },
  'POST /responses/input_tokens': { handler: countResponse, open: true },
  'POST /v1/responses/compact': { handler: compactResponse, open: true },
  'POST /responses/compact': { handler: compactResponse, open: true },
  'POST /v1/messages': { handler: messages, open: true },
  'POST /v1/messages/count_tokens': { handler: countTokens, open: true },
  'POST /v1/embeddings': { handler: embeddings, open: true },
  'POST /embeddings': { handler: embeddings, open: true },
  'POST /v1/rerank': { handler: rerank, open: true },
  'POST /v2/rerank': { handler: rerank, open: true },
  'POST /rerank': { handler: rerank, open: true },
  'POST /v1/completions': { handler: completions, open: true },
  'POST /completions': { handler: completions, open: true },
  // Ollama's own API. Its clients look for a server by the first two.
  'GET /': { handler: root, open: true },
  'GET /api/version': { handler: version, open: true },
  'GET /api/tags': { handler: tags, open: false },
  'GET /api/ps': { handler: running, open: false },
  'POST /api/show': { handler: show, open: false },
  'POST /api/chat': { handler: operation('chat', ollama), open: true },
  'POST /api/generate': { handler: operation('chat', ollamaGenerate), open: true },
  'POST /api/embed': { handler: embed, open: false },
  'POST /api/embeddings': { handler: embedOne, open: false },
  'POST /v1/images/generations': { handler: operation('images', openaiChat), open: true },
  'POST /v1/images/edits': { handler: operation('image_edits', openaiChat), open: true },
  'POST /v1/images/variations': { handler: operation('image_variations', openaiChat), open: true },
  'POST /v1/audio/speech': { handler: operation('speech', openaiChat), open: true },
  'POST /v1/audio/transcriptions': { handler: operation('transcriptions', openaiChat), open: true },
  'POST /v1/audio/translations': { handler: operation('translations', openaiChat), open: true },
  'POST /v1/moderations': { handler: operation('moderations', openaiChat), open: true },
  'GET /v1/models': { handler: listModels, open: false },
  'GET /models': { handler: listModels, open: false },
  'GET /healthz': { handler: healthz, open: true },
  'GET /health/readiness': { handler: readiness, open: true },
  'GET /health/liveliness': { handler: liveliness, open: true },
  'GET /health/liveness': { handler: liveliness, open: true },
  'GET /health': { handler: health, open: false },
  'GET /metrics': { handler: metrics, open: false },
  'POST /api/v1/playground/chat/completions': { handler: playground, open: true },
  'GET /openapi.json': { handler: apiDocument, open: true },
  // Claude Code's connectivity probe.
  'GET /api/hello': { handler: (context) => sendJson(context, 200, { ok: true }), open: true },
}

/** Google's clients ask below their own versions. */
const LIST = /^(\/gemini)?\/(v1beta|v1alpha)\/models$/
const ONE = /^((\/gemini)?\/(v1|v1beta|v1alpha))?\/models\/./

export function find(method: string, path: string): PublicPath | undefined {
  const verb = method === 'HEAD' ? 'GET' : method
  const found = PATHS[`${verb} ${path}`]
  if (found) return found
  if (verb === 'GET' && /^\/ui(\/|$)/.test(path)) return { handler: consolePage, open: true }
  if (verb === 'GET' && LIST.test(path)) return { handler: listModels, open: false }
  if (verb === 'GET' && ONE.test(path)) return { handler: getModel, open: false }
  if (verb === 'POST' && isGeminiPath(path)) return { handler: geminiMethod, open: true }
  if (isPinned(verb, path)) return { handler: pinned, open: true }
  const response = responsePath(verb, path)
  if (response) return { handler: response, open: true }
  // The admin API has its own door, with its own keys.
  if (path.startsWith(PREFIX)) return { handler: admin, open: true }
  return undefined
}

/** Methods a known path answers to, for the 405-like hint of an unknown combination. */
export function methodsOf(path: string): string[] {
  return Object.keys(PATHS).flatMap((key) =>
    key.endsWith(` ${path}`) ? [key.slice(0, key.indexOf(' '))] : [],
  )
}
