// Turns in which the vendor's own servers ran a tool (a search, code): their blocks have no form in the caller's dialect,
// but must stand in the turn again when the vendor reads it, encrypted results and all. The turn is remembered as it came,
// under its own words, what was asked, who asked and who answered. An edited turn is another one and is left alone.
// Bounded in bytes and age; a miss degrades to the turn as the caller shows it.

import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { StreamEvent } from '../core/event.ts'
import type { Part } from '../core/part.ts'
import type { GenerationRequest, Message } from '../core/request.ts'
import type { SealTarget } from './seals.ts'

const MAX_BYTES = 32 * 1024 * 1024
/** A turn that reads whole sites may be large; one alone must not push out all others. */
const MAX_TURN_BYTES = 4 * 1024 * 1024
const MAX_AGE_MS = 6 * 60 * 60 * 1000

export interface OwnToolTurns {
  /** The turn at `index` as its vendor said it; the same object where nothing is remembered of it. */
  recall(messages: readonly Message[], index: number, target: SealTarget): Message
  /** Looks at an answer to `request` and remembers it at its end if the vendor's tools ran in it. */
  watch(target: SealTarget, request: GenerationRequest | undefined): (event: StreamEvent) => void
  readonly entries: number
  readonly bytes: number
  readonly mostBytes: number
}

export function ownToolTurns(): OwnToolTurns {
  const turns = new LRUCache<string, Part[]>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_TURN_BYTES,
    ttl: MAX_AGE_MS,
    sizeCalculation: (parts) => JSON.stringify(parts).length * 2,
  })
  return {
    get entries() {
      return turns.size
    },
    get bytes() {
      return turns.calculatedSize
    },
    mostBytes: MAX_BYTES,
    recall(messages, index, target) {
      const message = messages[index] as Message
      if (turns.size === 0) return message
      const key = keyOf(target, messages[index - 1], message.parts)
      const parts = key === undefined ? undefined : turns.get(key)
      return parts ? { ...message, parts: restored(parts, message.parts) } : message
    },
    watch(target, request) {
      const parts: Part[] = []
      const open = new Map<number, Part>()
      let ran = false
      let size = 0
      return (event) => {
        // What would not be kept is not gathered.
        if (size > MAX_TURN_BYTES) return
        if (!('choice' in event) || event.choice === 0) follow(event)
        if (event.type !== 'end' || !ran) return
        const key = keyOf(target, request?.messages.at(-1), parts)
        if (key !== undefined) turns.set(key, parts)
      }
      function follow(event: StreamEvent): void {
        switch (event.type) {
          case 'open': {
            const part = begun(event.open)
            ran ||= part.kind === 'opaque'
            parts.push(part)
            open.set(event.part, part)
            return
          }
          case 'delta': {
            const part = open.get(event.part)
            if (!part || !('text' in part)) return
            part.text += event.text
            size += event.text.length
            return
          }
          case 'citation': {
            const part = open.get(event.part)
            if (part?.kind === 'text') part.citations = [...(part.citations ?? []), event.citation]
            return
          }
          case 'close': {
            const part = open.get(event.part)
            open.delete(event.part)
            if (!part || part.kind === 'opaque') return
            if (event.sealed && 'text' in part && part.kind !== 'refusal') part.sealed = event.sealed
            if (event.sealed && part.kind === 'tool_call') part.sealed = event.sealed
            if (event.origin) part.origin = event.origin
            return
          }
          default:
        }
      }
    },
  }
}

/** A part of its own to grow: what comes whole is only read. */
function begun(open: Extract<StreamEvent, { type: 'open' }>['open']): Part {
  switch (open.kind) {
    case 'whole':
      return open.value
    case 'tool_call':
      return { ...open, arguments: '' }
    default:
      return { ...open, text: '' }
  }
}

/** Undefined for a turn without a word or a call: nothing tells it from others. */
function keyOf(target: SealTarget, asked: Message | undefined, parts: readonly Part[]): string | undefined {
  const words = wordsOf(parts)
  const calls = parts.flatMap((part) => (part.kind === 'tool_call' ? [part.id, part.name] : []))
  if (words === '' && calls.length === 0) return undefined
  const { account, dialect, caller } = target
  const named = JSON.stringify([account, dialect, caller, asked && wordsOf(asked.parts), words, calls])
  return createHash('sha256').update(named).digest('base64url')
}

/** Clients split texts and trim their ends as they like. */
function wordsOf(parts: readonly Part[]): string {
  let words = ''
  for (const part of parts) {
    if (part.kind === 'text' || part.kind === 'refusal') words += part.text
    else if (part.kind === 'tool_result') words += wordsOf(part.content)
  }
  return words.trim()
}

/** The calls are the caller's: they may have been changed, and were never kept whole. */
function restored(parts: readonly Part[], echoed: readonly Part[]): Part[] {
  const calls = echoed.filter((part) => part.kind === 'tool_call')
  const mark = echoed.findLast((part) => part.cache)?.cache
  const last = parts.findLastIndex((part) => part.kind === 'text' || part.kind === 'tool_call')
  return parts.map((part, index) => {
    const cache = mark && index === last ? { cache: mark } : {}
    if (part.kind !== 'tool_call') return mark && index === last ? { ...part, ...cache } : part
    const call = calls.find(({ id }) => id === part.id)
    return { ...part, ...(call ? { arguments: call.arguments } : {}), ...cache }
  })
}
