// One Ollama answer object (a whole answer, or a line of a stream) taken apart. Tool calls come whole, with arguments as
// an object; older servers give them no id.

import { type Json, type JsonObject, asString, isObject } from '../../core/json.ts'
import { originFrom, unread } from '../../core/members.ts'
import type { MediaPart, OpaquePart, ToolCallPart } from '../../core/part.ts'
import type { Form } from './form.ts'
import { COUNTERS } from './usage.ts'

const ROOT = new Set<string>([
  'model',
  'created_at',
  'message',
  'response',
  'thinking',
  'tool_calls',
  'done',
  'done_reason',
  'logprobs',
  'error',
  ...COUNTERS,
])
const MESSAGE = new Set(['role', 'content', 'thinking', 'tool_calls', 'images', 'tool_name'])

const CALL = new Set(['id', 'type', 'function'])
const INNER = new Set(['index', 'name', 'arguments'])

export interface Said {
  text: string
  thinking: string
  calls: (ToolCallPart | OpaquePart)[]
  images: MediaPart[]
  logprobs: Json[]
  /** Members nobody reads, of the answer and of its message. */
  extras: JsonObject
}

/** @param before how many calls came earlier in the answer. */
export function saidIn(wire: JsonObject, form: Form, before: number): Said {
  const message = form === 'chat' && isObject(wire.message) ? wire.message : {}
  const holder = form === 'chat' ? message : wire
  return {
    text: asString(form === 'chat' ? message.content : wire.response) ?? '',
    thinking: asString(holder.thinking) ?? '',
    calls: Array.isArray(holder.tool_calls)
      ? holder.tool_calls.flatMap((call, index) => decodeCall(call, before + index))
      : [],
    images: Array.isArray(message.images)
      ? message.images.flatMap((data): MediaPart[] =>
          typeof data === 'string'
            ? [{ kind: 'media', media: 'image', source: { type: 'base64', mediaType: typeOf(data), data } }]
            : [],
        )
      : [],
    logprobs: Array.isArray(wire.logprobs) ? wire.logprobs : [],
    extras: { ...unread(wire, ROOT), ...unread(message, MESSAGE) },
  }
}

export function decodeCall(wire: Json, index: number): (ToolCallPart | OpaquePart)[] {
  if (!isObject(wire) || !isObject(wire.function) || typeof wire.function.name !== 'string')
    return [{ kind: 'opaque', dialect: 'ollama', type: 'tool_call', value: wire }]
  const extras = { ...unread(wire, CALL), ...unread(wire.function, INNER) }
  const origin = originFrom('ollama', extras)
  const { arguments: given } = wire.function
  const id = asString(wire.id)
  return [
    {
      kind: 'tool_call',
      id: id === undefined || id === '' ? `call_${index}` : id,
      name: wire.function.name,
      arguments: typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given),
      ...(origin ? { origin } : {}),
    },
  ]
}

/** Images are bare base64: what they are, their first bytes say. */
export function typeOf(base64: string): string {
  if (base64.startsWith('/9j/')) return 'image/jpeg'
  if (base64.startsWith('UklGR')) return 'image/webp'
  if (base64.startsWith('R0lGOD')) return 'image/gif'
  return 'image/png'
}

/** Unix seconds; 0 where the wire says no readable time. */
export function createdAt(wire: JsonObject): number {
  const ms = typeof wire.created_at === 'string' ? Date.parse(wire.created_at) : Number.NaN
  return Number.isFinite(ms) ? Math.floor(ms / 1000) : 0
}
