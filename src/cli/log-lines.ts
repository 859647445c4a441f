// Where log lines go: gathered off the path and written together, in order, to a file descriptor. A reader that does not
// keep up costs lines (counted and told), never memory, and never holds up an exit.

import { fstatSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'

export interface LogLines {
  /** One or several whole lines. */
  write(text: string): void
  /** Starts writing what was gathered now. */
  flush(): void
  /** Writes what it can at once; gives up on a reader that takes nothing for `limitMs`. */
  flushSync(limitMs?: number): void
}

const FLUSH_MS = 100
const FLUSH_CHARS = 60_000
const CAP_CHARS = 4 * 1024 * 1024

type Put = (bytes: Buffer, done: (broken: boolean) => void) => void

/** @param shared other processes write to it too: whole lines leave in pieces that the system never mixes. */
export function logLines(fd: number, shared = false): LogLines {
  let gathered = ''
  let sending: Buffer | undefined
  let broken = false
  let dropped = 0
  let timer: NodeJS.Timeout | undefined
  let put: Put | undefined

  const next = (): void => {
    if (sending || gathered === '' || broken) return
    sending = Buffer.from(gathered)
    gathered = ''
    if (dropped > 0) {
      gathered = `{"level":40,"time":${Date.now()},"dropped":${dropped},"msg":"log lines were dropped: nobody reads them fast enough"}\n`
      dropped = 0
    }
    put ??= shared ? inPieces(putTo(fd)) : putTo(fd)
    put(sending, (gone) => {
      sending = undefined
      broken ||= gone
      if (gathered.length >= FLUSH_CHARS) next()
      else if (gathered !== '') later()
    })
  }
  const later = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      next()
    }, FLUSH_MS).unref()
  }
  const flushSync = (limitMs = 200): void => {
    // What is under way is the kernel's already, or as good as.
    const rest = gathered
    gathered = ''
    if (!broken) writeWhole(fd, Buffer.from(rest), limitMs)
  }
  process.on('exit', () => flushSync())

  return {
    write(text) {
      if (gathered.length > CAP_CHARS) {
        dropped++
        return
      }
      gathered += text
      if (gathered.length >= FLUSH_CHARS) next()
      else later()
    },
    flush: next,
    flushSync,
  }
}

/** Pipes and sockets are written to by the event loop; a trip to the thread pool and back costs several times that. */
function putTo(fd: number): Put {
  const kind = fstatSync(fd)
  if (!kind.isFIFO() && !kind.isSocket()) {
    const put: Put = (bytes, done) =>
      write(fd, bytes, 0, bytes.length, null, (error, count) => {
        if (!error && count < bytes.length) put(bytes.subarray(count), done)
        else done(error !== null && error.code !== 'EAGAIN')
      })
    return put
  }
  const socket = new Socket({ fd, readable: false, writable: true })
  socket.on('error', () => {})
  socket.unref()
  return (bytes, done) => socket.write(bytes, (error) => done(error !== null && error !== undefined))
}

/** POSIX: a write of up to so many bytes to a pipe is never mixed with another's. */
const PIPE_BUF = 4096

function inPieces(put: Put): Put {
  return (bytes, done) => {
    let at = 0
    const next = (broken: boolean): void => {
      if (broken || at >= bytes.length) return done(broken)
      const from = at
      at = from + PIPE_BUF >= bytes.length ? bytes.length : bytes.lastIndexOf(10, from + PIPE_BUF - 1) + 1
      // A line that is longer than a piece goes out as it is.
      if (at <= from) at = bytes.indexOf(10, from) + 1 || bytes.length
      put(bytes.subarray(from, at), next)
    }
    next(false)
  }
}

function writeWhole(fd: number, bytes: Buffer, limitMs: number): void {
  const until = performance.now() + limitMs
  let rest = bytes
  while (rest.length > 0 && performance.now() < until)
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
}
