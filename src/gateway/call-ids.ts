// Tool call ids that a caller cannot use: those it has already had in this conversation, and those with characters that
// other wires refuse. It gets one of the gateway's (core/call-id.ts), and the endpoint that issued the id its own back.

import { randomBytes } from 'node:crypto'
import { makeCallId, upstreamCallId } from '../core/call-id.ts'
import type { StreamEvent } from '../core/event.ts'
import type { Part, ToolCallPart } from '../core/part.ts'
import type { GenerationRequest } from '../core/request.ts'
import { digester } from './digests.ts'

export interface CallIds {
  (event: StreamEvent): StreamEvent
  /** The same for a finished part, in place. */
  part(part: ToolCallPart): void
}

/** For one answer to `request` of that endpoint. */
export function callIds(request: GenerationRequest | undefined, endpoint: string): CallIds {
  let known: Set<string> | undefined
  const own = (id: string, name: string): string => {
    // The form before tools has no ids: these name the function and are not shown.
    if (id.startsWith('legacy_')) return id
    known ??= idsOf(request)
    let given = id
    if (known.has(id) || !/^[\w-]+$/.test(id))
      given = makeCallId(id, name, {
        issuer: issuerOf(endpoint),
        unique: randomBytes(6).toString('base64url'),
      })
    known.add(given)
    return given
  }
  const rewrite = (event: StreamEvent): StreamEvent => {
    if (event.type !== 'open' || event.open.kind !== 'tool_call') return event
    const id = own(event.open.id, event.open.name)
    return id === event.open.id ? event : { ...event, open: { ...event.open, id } }
  }
  return Object.assign(rewrite, {
    part(part: ToolCallPart) {
      part.id = own(part.id, part.name)
    },
  })
}

/** The request with the endpoint's own ids where it issued them; the same object where it issued none. */
export function withUpstreamCallIds(request: GenerationRequest, endpoint: string): GenerationRequest {
  let issuer: string | undefined
  const found = new Map<string, string>()
  for (const { parts } of request.messages)
    for (const part of parts) {
      if (part.kind !== 'tool_call') continue
      issuer ??= issuerOf(endpoint)
      const id = upstreamCallId(part.id, part.name, issuer)
      if (id !== undefined) found.set(part.id, id)
    }
  if (found.size === 0) return request
  const restored = (part: Part): Part => {
    if (part.kind === 'tool_call') return { ...part, id: found.get(part.id) ?? part.id }
    if (part.kind === 'tool_result') return { ...part, callId: found.get(part.callId) ?? part.callId }
    return part
  }
  return {
    ...request,
    messages: request.messages.map((message) => ({ ...message, parts: message.parts.map(restored) })),
  }
}

function idsOf(request: GenerationRequest | undefined): Set<string> {
  const ids = new Set<string>()
  for (const { parts } of request?.messages ?? [])
    for (const part of parts) if (part.kind === 'tool_call') ids.add(part.id)
  return ids
}

const issuerOf = digester(3)
