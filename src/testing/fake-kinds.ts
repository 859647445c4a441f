// What each kind of server answers by itself: its own paths, its own way to refuse.

import type { IncomingHttpHeaders } from 'node:http'
import { anthropicAnswer } from './fake-anthropic.ts'
import { openaiAnswer, openaiError } from './fake-openai.ts'
import { type Step, json } from './step.ts'

export type FakeKind = 'openai' | 'anthropic' | 'ollama' | 'lmstudio' | 'vllm' | 'litellm' | 'hole'

export interface FakeRequest {
  kind: FakeKind
  method: string
  path: string
  pathname: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: unknown
  models: readonly string[]
  key?: string
  /** Counts the requests of one fake; ids are made of it. */
  serial: number
}

/** Undefined: never answer. */
export function ownAnswer(request: FakeRequest): Step | undefined {
  const { kind, method, path, pathname, models } = request
  if (kind === 'hole') return undefined
  if (kind === 'anthropic') return anthropicAnswer.answer(request)
  const open = openPath(request)
  if (open) return open
  const refused = refusal(request)
  if (refused) return refused
  // Local servers answer below /v1 only; a hosted one may sit behind any prefix.
  const anywhere = kind === 'openai' || kind === 'litellm'
  const answer = anywhere || pathname.startsWith('/v1/') ? openaiAnswer(request) : undefined
  if (answer) return answer
  if (kind === 'lmstudio') return json({ error: `Unexpected endpoint or method. (${method} ${path})` })
  if (kind === 'vllm') return json({ detail: 'Not Found' }, 404)
  if (kind === 'ollama') {
    if (method === 'GET' && pathname === '/api/tags') return json({ models: models.map(ollamaModel) })
    if (method === 'GET' && pathname === '/api/ps') return json({ models: [] })
    return { status: 404, text: '404 page not found', headers: { 'content-type': 'text/plain' } }
  }
  return openaiError(404, `Invalid URL (${method} ${pathname})`)
}

/** What a server says to anybody. */
function openPath({ kind, method, pathname }: FakeRequest): Step | undefined {
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (kind === 'ollama' && pathname === '/') return { text: 'Ollama is running' }
  if (kind === 'ollama' && pathname === '/api/version') return json({ version: '0.9.0' })
  if (kind === 'vllm' && pathname === '/version') return json({ version: '0.11.0' })
  if (kind === 'vllm' && pathname === '/health') return { status: 200, text: '' }
  if (kind === 'litellm' && (pathname === '/health/liveliness' || pathname === '/health/liveness'))
    return json("I'm alive!")
  return undefined
}

function refusal({ kind, key, headers }: FakeRequest): Step | undefined {
  const given = /^Bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]
  const demanded = key !== undefined || kind === 'litellm'
  if (!demanded || (given !== undefined && (key === undefined || given === key))) return undefined
  if (kind === 'litellm')
    return json(
      {
        error: {
          message:
            given === undefined ? 'Authentication Error, No api key passed in.' : 'Authentication Error',
          type: 'auth_error',
          param: 'None',
          code: '401',
        },
      },
      401,
    )
  if (kind === 'vllm') return json({ error: 'Unauthorized' }, 401)
  return openaiError(
    401,
    given === undefined ? 'You did not provide an API key.' : 'Incorrect API key provided.',
    'invalid_api_key',
  )
}

function ollamaModel(name: string) {
  return {
    name,
    model: name,
    modified_at: '2025-01-01T00:00:00Z',
    size: 1_000_000,
    digest: 'fake',
    details: { format: 'gguf', family: 'fake', parameter_size: '1M', quantization_level: 'F16' },
  }
}
