// One streamed chat call for the playground, made with this browser's session: the request as it goes out, the events as they come in.

import { dataPlaneHeaders } from './api.ts'

export interface ChatRequest {
  model: string
  messages: unknown[]
  temperature?: number
  max_tokens?: number
  tools?: unknown
}

export interface ChatProgress {
  text: string
  reasoning: string
  tools: { name: string; arguments: string }[]
  finish: string | null
  usage: { prompt_tokens?: number; completion_tokens?: number } | undefined
  /** Ms until the first token. */
  firstMs: number | undefined
  ms: number
  requestId: string | null
  endpoint: string | null
  notes: string | null
  /** Every event as it came, for the raw view. */
  raw: string[]
}

/** Cap of what the raw view keeps. */
const RAW_LINES = 2_000

interface Delta {
  content?: string | null
  reasoning_content?: string | null
  tool_calls?: { index: number; function?: { name?: string; arguments?: string } }[]
}

/** @throws Error with the gateway's own words. */
export async function chat(
  request: ChatRequest,
  signal: AbortSignal,
  onProgress: (progress: ChatProgress) => void,
): Promise<void> {
  const started = performance.now()
  const response = await fetch('/api/v1/playground/chat/completions', {
    method: 'POST',
    headers: dataPlaneHeaders(),
    body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    signal,
  })
  if (!response.ok || !response.body) {
    const text = await response.text()
    let message = text
    try {
      message = (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? text
    } catch {
      // Not JSON: shown as it came.
    }
    throw new Error(`${response.status}: ${message}`)
  }
  const progress: ChatProgress = {
    text: '',
    reasoning: '',
    tools: [],
    finish: null,
    usage: undefined,
    firstMs: undefined,
    ms: 0,
    requestId: response.headers.get('x-request-id'),
    endpoint: response.headers.get('x-trunkline-endpoint'),
    notes: response.headers.get('x-trunkline-notes'),
    raw: [],
  }
  const take = (data: string): void => {
    if (progress.raw.length < RAW_LINES) progress.raw.push(data)
    if (data === '[DONE]') return
    const chunk = JSON.parse(data) as {
      error?: { message?: string }
      choices?: { delta?: Delta; finish_reason?: string | null }[]
      usage?: ChatProgress['usage'] | null
    }
    if (chunk.error) throw new Error(chunk.error.message ?? 'the stream failed')
    if (chunk.usage) progress.usage = chunk.usage
    const choice = chunk.choices?.[0]
    if (!choice) return
    const { delta = {} } = choice
    if (typeof delta.content === 'string') progress.text += delta.content
    if (typeof delta.reasoning_content === 'string') progress.reasoning += delta.reasoning_content
    for (const tool of delta.tool_calls ?? []) {
      const at = (progress.tools[tool.index] ??= { name: '', arguments: '' })
      at.name += tool.function?.name ?? ''
      at.arguments += tool.function?.arguments ?? ''
    }
    if (progress.firstMs === undefined && (progress.text || progress.reasoning || progress.tools.length > 0))
      progress.firstMs = performance.now() - started
    if (typeof choice.finish_reason === 'string') progress.finish = choice.finish_reason
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    rest += value
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks)
      for (const line of block.split('\n')) if (line.startsWith('data: ')) take(line.slice(6))
    progress.ms = performance.now() - started
    onProgress({ ...progress, tools: [...progress.tools], raw: progress.raw })
  }
  progress.ms = performance.now() - started
  onProgress({ ...progress })
}

/** The same call as code to paste. */
export function asCode(
  language: 'curl' | 'javascript' | 'python',
  request: ChatRequest,
  origin: string,
): string {
  const body = JSON.stringify(request, null, 2)
  if (language === 'curl')
    return `curl ${origin}/v1/chat/completions \\\n  -H "Authorization: Bearer $TRUNKLINE_KEY" \\\n  -H "content-type: application/json" \\\n  -d '${body.replaceAll("'", "'\\''")}'`
  if (language === 'javascript')
    return `import OpenAI from 'openai'\n\nconst client = new OpenAI({ baseURL: '${origin}/v1', apiKey: process.env.TRUNKLINE_KEY })\nconst reply = await client.chat.completions.create(${body})\nconsole.log(reply.choices[0].message.content)`
  const python = body
    .replaceAll(': true', ': True')
    .replaceAll(': false', ': False')
    .replaceAll(': null', ': None')
  return `import os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${origin}/v1", api_key=os.environ["TRUNKLINE_KEY"])\nreply = client.chat.completions.create(**${python})\nprint(reply.choices[0].message.content)`
}
