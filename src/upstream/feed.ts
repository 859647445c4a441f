// A request body that is read while it is sent, and whose turn it is: the caller's to bring a piece, or the upstream's to
// take it.

export interface Turns {
  /** The upstream took what there was. */
  callers(): void
  /** A piece is there to be taken. */
  upstreams(): void
  /** All of it was taken. */
  sent(): void
}

export interface Feed extends AsyncIterable<Buffer> {
  /** Nobody wants more of it: whoever waits for a piece is told that there is none. */
  stop(): void
}

export function feed(body: AsyncIterable<Buffer>, turns: Turns): Feed {
  const pieces = body[Symbol.asyncIterator]()
  const end = { done: true, value: undefined } as const
  let stopped = false
  let waiting: ((result: IteratorResult<Buffer>) => void) | undefined
  const halt = (): void => {
    stopped = true
    waiting?.(end)
    waiting = undefined
    void pieces.return?.()
  }
  const piece = (): Promise<IteratorResult<Buffer>> =>
    new Promise((resolve, reject) => {
      waiting = resolve
      pieces.next().then(resolve, reject)
    })
  return {
    stop() {
      if (!stopped) halt()
    },
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (stopped) return end
        turns.callers()
        const result = await piece()
        if (result.done === true) {
          if (!stopped) turns.sent()
          return end
        }
        turns.upstreams()
        return result
      },
      async return() {
        if (!stopped) halt()
        return end
      },
    }),
  }
}
