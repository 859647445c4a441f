// Calls of free-text tools whose upstream knew only a function of one string: the text is taken out of the arguments
// again, as it streams, so that a caller of any dialect gets the call it declared.

import type { EventSink, StreamEvent } from '../core/event.ts'
import type { ToolCallPart } from '../core/part.ts'
import type { GenerationRequest } from '../core/request.ts'

export interface CustomCalls {
  /** Passes the event on, or what becomes of it. */
  (event: StreamEvent, next: EventSink): void
  /** The same for a finished part, in place. */
  part(part: ToolCallPart): void
}

/** Undefined when the request has no free-text tool. */
export function customCalls(request: GenerationRequest): CustomCalls | undefined {
  const names = new Set<string>()
  for (const tool of request.tools ?? []) if (tool.type === 'custom') names.add(tool.name)
  if (names.size === 0) return undefined
  const open = new Map<string, InputReader>()
  const pass = (event: StreamEvent, next: EventSink): void => {
    if (event.type === 'open') {
      const { open: given, choice, part } = event
      if (given.kind !== 'tool_call' || given.custom === true || !names.has(given.name)) return next(event)
      open.set(
        `${choice}/${part}`,
        inputReader((text) => next({ type: 'delta', choice, part, text })),
      )
      return next({ ...event, open: { ...given, custom: true } })
    }
    if (event.type !== 'delta' && event.type !== 'close') return next(event)
    const key = `${event.choice}/${event.part}`
    const reader = open.get(key)
    if (!reader) return next(event)
    if (event.type === 'delta') return reader.push(event.text)
    reader.end()
    open.delete(key)
    next(event)
  }
  return Object.assign(pass, {
    part(call: ToolCallPart) {
      if (call.custom === true || !names.has(call.name)) return
      let text = ''
      const reader = inputReader((piece) => {
        text += piece
      })
      reader.push(call.arguments)
      reader.end()
      call.custom = true
      call.arguments = text
    },
  })
}

export interface InputReader {
  push(fragment: string): void
  end(): void
}

const HEAD = '{"input":"'
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * Reads the string of `{"input":"..."}` however it is cut, never giving out half of a surrogate pair. Arguments of any
 * other form are given out as they are: the model did not keep to the wrapper, and its text must not be lost.
 */
export function inputReader(emit: (text: string) => void): InputReader {
  let state: 'head' | 'string' | 'tail' | 'raw' = 'head'
  // Not yet given out: the head while it may still be one, later an escape that is not complete.
  let held = ''
  let half = ''

  const give = (text: string): void => {
    let whole = half + text
    half = ''
    const last = whole.charCodeAt(whole.length - 1)
    if (last >= 0xd800 && last <= 0xdbff) {
      half = whole.slice(-1)
      whole = whole.slice(0, -1)
    }
    if (whole !== '') emit(whole)
  }

  const readString = (fragment: string): void => {
    const text = held + fragment
    held = ''
    let out = ''
    let at = 0
    while (at < text.length) {
      const char = text[at] as string
      if (char === '"') {
        state = 'tail'
        break
      }
      if (char !== '\\') {
        out += char
        at++
        continue
      }
      const kind = text[at + 1]
      const length = kind === 'u' ? 6 : 2
      if (kind === undefined || at + length > text.length) {
        held = text.slice(at)
        break
      }
      out +=
        kind === 'u'
          ? String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16))
          : (ESCAPES[kind] ?? kind)
      at += length
    }
    give(out)
  }

  const readHead = (fragment: string): void => {
    held += fragment
    let matched = 0
    for (let at = 0; at < held.length; at++) {
      const char = held[at] as string
      if (char === HEAD[matched]) {
        matched++
        if (matched < HEAD.length) continue
        const rest = held.slice(at + 1)
        held = ''
        state = 'string'
        return readString(rest)
      }
      if (!/\s/.test(char)) {
        state = 'raw'
        const all = held
        held = ''
        return give(all)
      }
    }
  }

  return {
    push(fragment) {
      if (state === 'head') readHead(fragment)
      else if (state === 'string') readString(fragment)
      else if (state === 'raw') give(fragment)
    },
    end() {
      if (held !== '') give(held)
      held = ''
      if (half !== '') emit(half)
      half = ''
    },
  }
}
