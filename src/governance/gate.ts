// Concurrency with a bounded, fair queue: higher priorities first, callers of one priority in turn, calls of one caller
// in order. Pure bookkeeping: who waits and for how long is the gateway's business.

export interface Ticket {
  /** Whose call it is; callers take turns. */
  caller: string
  /** Higher first. */
  priority: number
  /** Calls when it is this ticket's turn. */
  admitted(): void
}

interface Line {
  priority: number
  /** Callers with waiting calls, whose turn it is first. A Map keeps the order of insertion. */
  callers: Map<string, Ticket[]>
}

export interface Gate {
  running: number
  waiting: number
  /** Highest priority first. */
  lines: Line[]
}

export function gate(): Gate {
  return { running: 0, waiting: 0, lines: [] }
}

/**
 * `place` 0: it may run now and holds a slot until `leave`. Else it waits at that place (from 1), or it is refused for
 * the queue is full.
 */
export function enter(
  state: Gate,
  limit: number,
  maxQueue: number,
  ticket: Ticket,
): { place: number } | { refused: 'full' } {
  if (state.waiting === 0 && state.running < limit) {
    state.running++
    return { place: 0 }
  }
  if (state.waiting >= maxQueue) return { refused: 'full' }
  let at = state.lines.findIndex((line) => line.priority <= ticket.priority)
  if (at < 0) at = state.lines.length
  let line = state.lines[at]
  if (!line || line.priority !== ticket.priority) {
    line = { priority: ticket.priority, callers: new Map() }
    state.lines.splice(at, 0, line)
  }
  const queue = line.callers.get(ticket.caller)
  if (queue) queue.push(ticket)
  else line.callers.set(ticket.caller, [ticket])
  state.waiting++
  return { place: placeOf(state, ticket) }
}

/** A call has ended; the next ones whose turn it is are admitted. */
export function leave(state: Gate, limit: number): void {
  state.running--
  admitNext(state, limit)
}

/** Lets in whoever fits, after a slot or the limit itself changed. */
export function admitNext(state: Gate, limit: number): void {
  while (state.running < limit) {
    const ticket = shift(state)
    if (!ticket) return
    state.running++
    ticket.admitted()
  }
}

/** Takes a ticket out of the queue; false: it is not waiting (any more). */
export function withdraw(state: Gate, ticket: Ticket): boolean {
  const at = state.lines.findIndex((line) => line.priority === ticket.priority)
  const line = state.lines[at]
  const queue = line?.callers.get(ticket.caller)
  const place = queue ? queue.indexOf(ticket) : -1
  if (!line || !queue || place < 0) return false
  queue.splice(place, 1)
  if (queue.length === 0) line.callers.delete(ticket.caller)
  if (line.callers.size === 0) state.lines.splice(at, 1)
  state.waiting--
  return true
}

function shift(state: Gate): Ticket | undefined {
  const line = state.lines[0]
  if (!line) return undefined
  const [caller, queue] = line.callers.entries().next().value as [string, Ticket[]]
  const ticket = queue.shift() as Ticket
  // To the end of the turn order, or out of it.
  line.callers.delete(caller)
  if (queue.length > 0) line.callers.set(caller, queue)
  if (line.callers.size === 0) state.lines.shift()
  state.waiting--
  return ticket
}

/** Calls that are to be let in before it, plus one. */
function placeOf(state: Gate, ticket: Ticket): number {
  let before = 0
  for (const line of state.lines) {
    if (line.priority < ticket.priority) break
    if (line.priority > ticket.priority) {
      for (const queue of line.callers.values()) before += queue.length
      continue
    }
    // Callers take turns: in each round every other caller that still has a call goes once.
    const own = (line.callers.get(ticket.caller) as Ticket[]).indexOf(ticket)
    let ahead = true
    for (const [caller, queue] of line.callers) {
      if (caller === ticket.caller) {
        before += own
        ahead = false
      } else before += Math.min(queue.length, ahead ? own + 1 : own)
    }
  }
  return before + 1
}
