// How full something bounded is, for those who watch over it.

export interface Holding {
  entries?: number
  mostEntries?: number
  bytes?: number
  mostBytes?: number
}
