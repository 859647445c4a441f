// What routing may want to know of a call beyond model and stream, worked out only when a rule, an ability or a sticky
// route asks for it: most routes never do, and their bodies are never parsed for it.

import { GatewayError } from '../core/error.ts'
import { type Json, isObject } from '../core/json.ts'
import type { GenerationRequest } from '../core/request.ts'
import type { Needs } from '../routing/capability.ts'
import type { CallFacts } from '../routing/condition.ts'
import type { Asked } from '../routing/pick.ts'
import { sessionOf } from '../routing/sticky.ts'
import { type MemberSpan, scan, valueAt } from '../wire/json-splice.ts'
import type { Call } from './call.ts'
import type { ReadRequest } from './read.ts'
import type { Route } from './route-table.ts'

/** About four bytes a token: good enough to reserve and to choose by, the answer's usage replaces it. */
export function estimatedTokens(call: Call): number {
  return Math.ceil(call.body.length / 4)
}

/** What the answer will probably take, until a better word is known. */
const USUAL_OUTPUT = 300

export function asked(call: Call, read: ReadRequest, route: Route): Asked {
  const header = (name: string): string | undefined => {
    const value = call.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
  let form: GenerationRequest | undefined
  const decoded = (): GenerationRequest | undefined => {
    if (call.operation !== 'chat') return undefined
    try {
      form ??= call.dialect.request.decode({ ...read.json(), model: read.model })
    } catch (thrown) {
      // The call itself meets the same mistake later, in the place that answers it.
      if (!(thrown instanceof GatewayError)) throw thrown
    }
    return form
  }
  const facts: CallFacts = {
    header,
    metadata(name) {
      const metadata = member(call.body, 'metadata')
      return isObject(metadata) ? metadata[name] : undefined
    },
    model: read.model,
    bytes: call.upload?.declaredBytes ?? call.body.length,
    tokens: () => estimatedTokens(call),
    stream: read.stream,
    text: () => lastUserText(decoded()),
  }
  const demand = { inputTokens: estimatedTokens(call), outputTokens: USUAL_OUTPUT }
  const { sticky } = route.config
  return {
    demand,
    facts,
    needs: () => needsOf(decoded(), demand.inputTokens),
    session:
      sticky === undefined || sticky === 'off' || route.deployments.length < 2
        ? undefined
        : sessionOf({
            header,
            promptCacheKey: member(call.body, 'prompt_cache_key'),
            metadata: member(call.body, 'metadata'),
            ...(sticky === 'prefix' ? { prefix: () => conversationStart(call.body) } : {}),
          }),
  }
}

function member(body: Buffer, name: string): Json | undefined {
  const span = spanOf(body, name)
  return span && valueAt(body, span)
}

function spanOf(body: Buffer, name: string): MemberSpan | undefined {
  try {
    return scan(body, [name]).spans.get(name)
  } catch {
    // Not JSON: read.ts has the word for that.
    return undefined
  }
}

function lastUserText(request: GenerationRequest | undefined): string {
  const message = request?.messages.findLast(({ role }) => role === 'user')
  return (message?.parts ?? []).flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n')
}

export function needsOf(request: GenerationRequest | undefined, inputTokens: number): Needs {
  if (!request) return {}
  const media = new Set(
    request.messages.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.kind === 'media' ? [part.media] : [])),
    ),
  )
  return {
    tools: (request.tools?.length ?? 0) > 0,
    vision: media.has('image'),
    audio: media.has('audio'),
    jsonSchema: request.responseFormat?.type === 'json_schema',
    contextTokens: inputTokens + (request.maxOutputTokens ?? 0),
  }
}

/** What one element may add to a conversation's key. */
const ELEMENT_CAP = 16 * 1024

/**
 * The beginning of a conversation up to its first user message, as bytes: the same for every turn of it, in every
 * dialect (`messages`, `input`, `contents`), however long it has become.
 */
export function conversationStart(body: Buffer): string | undefined {
  const span = spanOf(body, 'messages') ?? spanOf(body, 'contents') ?? spanOf(body, 'input')
  if (!span) return undefined
  if (body[span.valueStart] !== 91)
    return body.toString('latin1', span.valueStart, Math.min(span.valueEnd, span.valueStart + ELEMENT_CAP))
  let start = ''
  let at = span.valueStart + 1
  for (let count = 0; count < 8; count++) {
    const element = elementAt(body, at, span.valueEnd)
    if (!element) break
    const text = body.toString('latin1', element.start, Math.min(element.end, element.start + ELEMENT_CAP))
    start += text
    if (/"role"\s*:\s*"user"/.test(text)) break
    at = element.end
  }
  return start === '' ? undefined : start
}

/** The next element of an array, by counting brackets outside strings. */
function elementAt(body: Buffer, from: number, limit: number): { start: number; end: number } | undefined {
  let at = from
  while (at < limit && ((body[at] as number) <= 32 || body[at] === 44)) at++
  if (at >= limit || body[at] === 93) return undefined
  const start = at
  let depth = 0
  let inString = false
  for (; at < limit; at++) {
    const byte = body[at] as number
    if (inString) {
      if (byte === 92) at++
      else if (byte === 34) inString = false
    } else if (byte === 34) inString = true
    else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) {
      if (depth === 0) break
      depth--
      if (depth === 0) return { start, end: at + 1 }
    } else if (byte === 44 && depth === 0) break
  }
  return at > start ? { start, end: at } : undefined
}
