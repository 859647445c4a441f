// How much is kept of responses, wherever they are kept.

export interface ResponseBounds {
  maxBytes: number
  /** Since a response was last named: somebody who goes on with a conversation keeps it. */
  maxAgeMs: number
}

export const RESPONSE_BOUNDS: ResponseBounds = {
  maxBytes: 64 * 1024 * 1024,
  maxAgeMs: 24 * 60 * 60 * 1000,
}

/** What a row costs besides its text. */
export const ROW_BYTES = 512
