// Failures of connections that were kept alive: the upstream had closed its end while we thought it open. Nothing was
// processed there, so the same request may go out again at once, on a new connection. The pool marks what it throws,
// send.ts what it makes of that.

const stale = new WeakSet<Error>()

export function markStale(error: Error): void {
  stale.add(error)
}

export function wasStale(error: Error): boolean {
  return stale.has(error)
}
