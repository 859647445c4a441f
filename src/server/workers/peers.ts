// The other workers, as one of them sees them. Each listens on a socket of its own in the parent's folder, so the folder
// is the list of who is there. Whoever needs to know something of all asks all at once, and waits for nobody for long.

import { readdirSync } from 'node:fs'
import { request as ask } from 'node:http'
import { join } from 'node:path'
import type { Ended } from '../metrics/metric.ts'

export interface Asked {
  answers: unknown[]
  /** Workers that are there and did not answer in time. */
  silent: number
}

export interface Peers {
  /** This one's. */
  readonly slot: number
  /** Workers that there should be, this one included. */
  readonly expected: number
  /** What each of the others answers to a GET that gives JSON; 404 is an answer and left out. */
  ask(path: string): Promise<Asked>
  /**
   * Resolves when all have taken it, or are too slow to be waited for. Never rejects. `missed` hears of each that is there
   * and does not take it; one that has ended asks when it is back.
   */
  tell(path: string, body: unknown, missed: (why: string) => void): Promise<void>
  /** What workers had counted that have ended. */
  ended(): Promise<Ended>
  /** Hears the lines that the others' answers to `path` consist of, also of workers that come later. */
  tail(path: string, line: (text: string) => void): () => void
}

/** Whoever asks all of us has little patience itself. */
const ASK_MS = 500
/** What is told is taken also when nobody waits for it any more. */
const TELL_MS = 10_000
const ANSWER_CAP_BYTES = 32 * 1024 * 1024
/** How often a tail looks for workers that have come. */
const LOOK_MS = 1_000
const PREFIX = 'worker-'

export function ownSocket(folder: string, slot: number, pid: number | undefined): string {
  return join(folder, `${PREFIX}${slot}-${pid}`)
}

/** @param expected workers that there should be, this one included. */
export function peersOf(folder: string, slot: number, expected: number, ended: Peers['ended']): Peers {
  const own = ownSocket(folder, slot, process.pid)
  const others = (): string[] => {
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => join(folder, name))
        .filter((path) => path !== own)
    } catch {
      // The parent has ended and taken the folder along.
      return []
    }
  }

  return {
    slot,
    expected,
    ended,
    async ask(path) {
      const all = await Promise.all(others().map((socketPath) => question(socketPath, path)))
      return {
        answers: all.flatMap((row) => ('answer' in row ? [row.answer] : [])),
        silent: all.filter((row) => 'silent' in row).length,
      }
    },
    async tell(path, body, missed) {
      const text = JSON.stringify(body)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ASK_MS)
      })
      await Promise.race([
        late,
        Promise.all(others().map((socketPath) => statement(socketPath, path, text, missed))),
      ])
      clearTimeout(timer)
    },
    tail(path, line) {
      const open = new Map<string, () => void>()
      const look = (): void => {
        for (const socketPath of others())
          if (!open.has(socketPath))
            open.set(
              socketPath,
              listen(socketPath, path, line, () => open.delete(socketPath)),
            )
      }
      look()
      const timer = setInterval(look, LOOK_MS)
      timer.unref()
      return () => {
        clearInterval(timer)
        for (const stop of open.values()) stop()
      }
    },
  }
}

/** `gone`: nobody is behind the socket, or nothing of that name with them. */
function question(
  socketPath: string,
  path: string,
): Promise<{ answer: unknown } | { silent: true } | { gone: true }> {
  return new Promise((resolve) => {
    const asking = ask({ socketPath, path, agent: false }, (response) => {
      const pieces: Buffer[] = []
      let bytes = 0
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
        if (bytes > ANSWER_CAP_BYTES) asking.destroy()
        else pieces.push(piece)
      })
      response.on('error', () => resolve({ silent: true }))
      response.on('end', () => {
        clearTimeout(timer)
        if (response.statusCode === 404) return resolve({ gone: true })
        if (response.statusCode === 200) resolve({ answer: JSON.parse(Buffer.concat(pieces).toString()) })
        else resolve({ silent: true })
      })
    })
    const timer = setTimeout(() => {
      resolve({ silent: true })
      asking.destroy()
    }, ASK_MS)
    asking.on('error', (error: Error & { code?: string }) => {
      clearTimeout(timer)
      resolve(isNobody(error) ? { gone: true } : { silent: true })
    })
    asking.end()
  })
}

function statement(
  socketPath: string,
  path: string,
  text: string,
  missed: (why: string) => void,
): Promise<void> {
  return new Promise((resolve) => {
    const telling = ask(
      {
        socketPath,
        path,
        agent: false,
        method: 'POST',
        headers: { 'content-length': Buffer.byteLength(text) },
        timeout: TELL_MS,
      },
      (response) => {
        const { statusCode = 0 } = response
        if (statusCode > 299) missed(`it answered ${statusCode}`)
        response.resume()
        response.on('close', resolve)
      },
    )
    telling.on('error', () => resolve())
    telling.on('timeout', () => {
      missed(`no answer within ${TELL_MS} ms`)
      telling.destroy()
    })
    telling.end(text)
  })
}

function listen(
  socketPath: string,
  path: string,
  line: (text: string) => void,
  ended: () => void,
): () => void {
  const listening = ask({ socketPath, path, agent: false }, (response) => {
    let rest = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > ANSWER_CAP_BYTES) listening.destroy()
      for (const one of lines) if (one !== '') line(one)
    })
    response.on('error', () => {})
    response.on('close', ended)
  })
  listening.on('error', ended)
  listening.end()
  return () => listening.destroy()
}

/** A socket whose worker has ended; its parent is about to take it away. */
function isNobody({ code }: { code?: string }): boolean {
  return code === 'ECONNREFUSED' || code === 'ENOENT'
}
