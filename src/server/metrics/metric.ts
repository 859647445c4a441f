// What a metric is: a row of the table (table.ts), read when somebody asks. Values are plain, so that one worker can send
// them to another.

import type { Gateway } from '../../gateway/create-gateway.ts'
import type { LimitLoad } from '../../gateway/limits.ts'
import type { AdminServices } from '../admin/services.ts'

export interface Source {
  gateway: Gateway
  /** Absent: this server has no admin API. */
  admin: AdminServices | undefined
  /** Of all workers: told by the process that was asked alone. */
  limits: readonly LimitLoad[]
}

/** Counts by bucket, each value in one only, and the sum of the values. In the unit of the metric's bounds. */
export interface Distribution {
  counts: readonly number[]
  sum: number
}

/** The values of the labels, in the order of their names. */
export type Sample<V = number | Distribution> = readonly [labels: readonly string[], value: V]

interface Named {
  name: string
  help: string
  labels: readonly string[]
}

/** How the values of several workers become one; `worker`: they do not, and get a label. */
export type Joining = 'sum' | 'max' | 'min' | 'worker'

export type Metric = Named &
  (
    | { kind: 'counter' | 'gauge'; join: Joining; read(from: Source): Iterable<Sample<number>> }
    | {
        kind: 'histogram'
        join: 'sum'
        /** Upper bounds, in ms; shown in seconds. */
        boundsMs: readonly number[]
        read(from: Source): Iterable<Sample<Distribution>>
      }
  )

/** The values of one process, by the metric's name. */
export type Values = Record<string, Sample[]>

/** What one worker tells another. */
export interface Part {
  /** Its slot; undefined: the only process there is. */
  worker: string | undefined
  /** Of the process, so that one which has ended is not counted twice. */
  pid: number
  values: Values
}

/** What workers that have ended had counted. */
export interface Ended {
  pids: number[]
  values: Values
}
