// Timers for waits of seconds, of which every call has two and hardly any fires. One interval looks them over ten times
// a second; setting, refreshing and cancelling one are a few assignments, where the runtime's own timers cost about a
// microsecond each. A timer fires up to a tick late, never early.

import type { Timer } from '../core/clock.ts'

export const TICK_MS = 100

/** A ring of the timers that are set; the ring's own head is never due. */
class Entry implements Timer {
  next: Entry = this
  previous: Entry = this
  due = Number.POSITIVE_INFINITY
  ticks = 0
  fn: () => void = () => {}
  owner: CoarseTimers | undefined

  refresh(): void {
    if (this.owner) this.due = this.owner.now + this.ticks
  }

  cancel(): void {
    const { owner } = this
    if (!owner) return
    this.owner = undefined
    this.next.previous = this.previous
    this.previous.next = this.next
    this.next = this.previous = this
    owner.count--
  }
}

export class CoarseTimers {
  /** Ticks since the start; stands still while no timer is set. */
  now = 0
  /** Timers set. */
  count = 0
  private readonly head = new Entry()
  private interval: NodeJS.Timeout | undefined

  set(ms: number, fn: () => void): Timer {
    const entry = new Entry()
    entry.ticks = Math.ceil(ms / TICK_MS) + 1
    entry.due = this.now + entry.ticks
    entry.fn = fn
    entry.owner = this
    entry.previous = this.head.previous
    entry.next = this.head
    this.head.previous.next = entry
    this.head.previous = entry
    this.count++
    this.interval ??= setInterval(() => this.tick(), TICK_MS).unref()
    return entry
  }

  private tick(): void {
    this.now++
    if (this.count === 0) {
      clearInterval(this.interval)
      this.interval = undefined
      return
    }
    const due: Entry[] = []
    for (let entry = this.head.next; entry !== this.head; entry = entry.next)
      if (entry.due <= this.now) due.push(entry)
    for (const entry of due) {
      // One that another's end cancelled a moment ago does not fire.
      if (!entry.owner) continue
      entry.cancel()
      entry.fn()
    }
  }
}
