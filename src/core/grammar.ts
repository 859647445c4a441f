// Checks that a sequence of events obeys the grammar of event.ts. Used by every test that produces events.

import type { StreamEvent } from './event.ts'

/** Feed events in order; returns the broken rule, or undefined while all is well. */
export function grammar(): (event: StreamEvent) => string | undefined {
  let started = false
  let over = false
  const open = new Map<string, string>()
  const used = new Set<string>()
  const finished = new Set<number>()

  return (event) => {
    if (over) return `${event.type} after the terminal event`
    if (event.type === 'start') {
      if (started) return 'start twice'
      started = true
      return undefined
    }
    if (event.type === 'failure') {
      over = true
      return undefined
    }
    if (!started) return `${event.type} before start`
    switch (event.type) {
      case 'open': {
        const key = `${event.choice}/${event.part}`
        if (finished.has(event.choice)) return `open ${key} after finish`
        if (used.has(key)) return `open ${key} twice`
        used.add(key)
        open.set(key, event.open.kind)
        return undefined
      }
      case 'delta': {
        const key = `${event.choice}/${event.part}`
        const kind = open.get(key)
        if (kind === undefined) return `delta for ${key}, which is not open`
        if (kind === 'whole') return `delta for ${key}, which came whole`
        return undefined
      }
      case 'citation': {
        const key = `${event.choice}/${event.part}`
        return open.get(key) === 'text' ? undefined : `citation for ${key}, which is not an open text`
      }
      case 'close': {
        const key = `${event.choice}/${event.part}`
        return open.delete(key) ? undefined : `close ${key}, which is not open`
      }
      case 'finish': {
        if (finished.has(event.choice)) return `finish of choice ${event.choice} twice`
        for (const key of open.keys())
          if (key.startsWith(`${event.choice}/`)) return `finish while ${key} is open`
        finished.add(event.choice)
        return undefined
      }
      case 'end':
        over = true
        return open.size > 0 ? `end while ${[...open.keys()].join(', ')} is open` : undefined
      case 'usage':
      case 'logprobs':
      case 'extras':
      case 'unread':
        return undefined
      default:
        return event satisfies never
    }
  }
}

/** The first broken rule in a whole sequence, or undefined. A sequence without a terminal event breaks one. */
export function checkGrammar(events: readonly StreamEvent[]): string | undefined {
  const check = grammar()
  for (const [index, event] of events.entries()) {
    const broken = check(event)
    if (broken !== undefined) return `event ${index}: ${broken}`
  }
  const last = events.at(-1)?.type
  return last === 'end' || last === 'failure' ? undefined : 'no terminal event'
}
