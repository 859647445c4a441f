// `requests_per_second`: one slot every 1/rps seconds, no burst. Pure: (next free slot, rate, now) -> wait and next slot.

export interface Slot {
  waitMs: number
  /** When the slot after this one is free. */
  nextAt: number
}

/** @param nextAt when the next slot is free, on the same clock as `now`; 0 at first. */
export function takeSlot(nextAt: number, requestsPerSecond: number, now: number): Slot {
  const slot = Math.max(now, nextAt)
  return { waitMs: slot - now, nextAt: slot + 1_000 / requestsPerSecond }
}
