// What workers that have ended had counted, kept by their parent: the totals of all do not fall when one is replaced.

import { summed } from '../metrics/join.ts'
import type { Ended, Values } from '../metrics/metric.ts'

/** Processes that an answer on its way may still speak of. */
const MOST_PIDS = 64

export interface EndedCounts {
  add(pid: number, values: Values): void
  all(): Ended
}

export function endedCounts(): EndedCounts {
  let pids: number[] = []
  let values: Values = {}
  return {
    add(pid, more) {
      pids = [...pids, pid].slice(-MOST_PIDS)
      values = summed([values, more])
    },
    all: () => ({ pids, values }),
  }
}
