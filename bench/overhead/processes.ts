// Starting what is measured, each pinned to its core, and reading its CPU time from /proc.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

export interface Running {
  pid: number
  port: number
  stop(): void
}

/** Core of what is measured, and of the load with its upstream. */
export const CORES = { measured: '0', load: '1' } as const

/** Starts a program and waits for its ready line, whose first group is the port, unless `port` says it. */
export function start(
  core: string,
  command: readonly string[],
  ready: RegExp,
  options: { port?: number; env?: Record<string, string>; cwd?: string; limitMs?: number } = {},
): Promise<Running> {
  const child: ChildProcess = spawn('taskset', ['-c', core, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const stop = (): void => {
    child.kill('SIGTERM')
  }
  return new Promise((resolve, reject) => {
    let said = ''
    const timer = setTimeout(() => {
      stop()
      reject(new Error(`${command.join(' ')} did not start: ${said.slice(0, 500)}`))
    }, options.limitMs ?? 20_000)
    const listen = (piece: Buffer): void => {
      if (said.length > 100_000) return
      said += piece.toString('utf8')
      const found = ready.exec(said)
      if (!found) return
      clearTimeout(timer)
      resolve({ pid: child.pid as number, port: options.port ?? Number(found[1]), stop })
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${command.join(' ')} ended with ${code}: ${said.slice(0, 500)}`))
    })
  })
}

const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** User and system time of a process and its descendants, microseconds. */
export function cpuUs(pid: number): number {
  let ticks = 0
  const family = new Set([pid])
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
    .flatMap((id) => {
      try {
        return [
          {
            id,
            fields: readFileSync(`/proc/${id}/stat`, 'utf8')
              .replace(/^.*\) /, '')
              .split(' '),
          },
        ]
      } catch {
        return [] // It ended meanwhile.
      }
    })
  // The fields after the name: state, ppid, ..., utime (12th), stime (13th).
  for (const { id, fields } of stats) {
    if (!family.has(id) && !family.has(Number(fields[1]))) continue
    family.add(id)
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * TICK_US
}
