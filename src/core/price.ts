// What a model costs: US dollars per million tokens, as of a day. A rate nobody published is undefined, never 0; 0 is free.

export interface Price {
  /** The day the rates were taken down, `YYYY-MM-DD`. */
  asOf: string
  input?: number
  output?: number
  cacheRead?: number
  cacheWrite?: number
  /** Writes with a one-hour lifetime. */
  cacheWrite1h?: number
  /** Reasoning, where it is not billed as output. */
  reasoning?: number
  audioInput?: number
  audioOutput?: number
  /** Rates of a whole request whose input is longer than `above` tokens; ascending. */
  tiers?: readonly PriceTier[]
}

export interface PriceTier extends Omit<Price, 'asOf' | 'tiers'> {
  above: number
}
