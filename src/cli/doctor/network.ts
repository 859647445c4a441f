// The three questions below HTTP: does the name resolve, does somebody listen, is the certificate good?

import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'

export interface Reached {
  ok: boolean
  /** An error code such as ECONNREFUSED; TIMEOUT where the limit passed. */
  code?: string
  detail: string
}

export async function resolveName(host: string, limitMs: number): Promise<Reached> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Reached>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, code: 'TIMEOUT', detail: 'no answer from the name server' }),
      limitMs,
    )
  })
  const asked = lookup(host).then(
    ({ address }): Reached => ({ ok: true, detail: address }),
    (thrown: NodeJS.ErrnoException): Reached => ({
      ok: false,
      code: thrown.code ?? '',
      detail: thrown.message,
    }),
  )
  const reached = await Promise.race([asked, late])
  clearTimeout(timer)
  return reached
}

export function connectTcp(host: string, port: number, limitMs: number): Promise<Reached> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const done = (reached: Reached): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reached)
    }
    const timer = setTimeout(
      () => done({ ok: false, code: 'TIMEOUT', detail: `no answer within ${limitMs} ms` }),
      limitMs,
    )
    socket.once('connect', () => done({ ok: true, detail: `connected to ${host}:${port}` }))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done({ ok: false, code: codeOf(error), detail: error.message }),
    )
  })
}

export interface TlsOptions {
  host: string
  port: number
  caFile?: string
  insecure: boolean
  limitMs: number
}

export function connectTls({ host, port, caFile, insecure, limitMs }: TlsOptions): Promise<Reached> {
  return new Promise((resolve) => {
    const socket = tls.connect({
      host,
      port,
      ...(net.isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: !insecure,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    })
    const done = (reached: Reached): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reached)
    }
    const timer = setTimeout(
      () => done({ ok: false, code: 'TIMEOUT', detail: `no TLS answer within ${limitMs} ms` }),
      limitMs,
    )
    socket.once('secureConnect', () => done({ ok: true, detail: socket.getProtocol() ?? 'TLS' }))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done({ ok: false, code: codeOf(error), detail: error.message }),
    )
  })
}

/** Node tries every address of a name and gathers what each said. */
function codeOf(error: NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }): string {
  return error.code ?? error.errors?.[0]?.code ?? ''
}

/** Whether this process runs in a container, where `localhost` is the container and not its host. */
export function inContainer(): boolean {
  if (existsSync('/.dockerenv') || existsSync('/run/.containerenv')) return true
  try {
    return /docker|kubepods|containerd|libpod/.test(readFileSync('/proc/1/cgroup', 'utf8'))
  } catch {
    // No such file outside Linux.
    return false
  }
}
