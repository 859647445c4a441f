// One scan: this machine and the peers, every usual port or the one named, all in parallel under a bound. Nothing is
// stored and nothing is changed; who is found is told.

import { lookup } from 'node:dns/promises'
import { Agent } from 'node:http'
import { isIP } from 'node:net'
import { isMetadata } from '../../core/address.ts'
import { guardedLookup } from '../guard.ts'
import { type Identified, identify } from './identify.ts'
import { LOCAL_HOSTS } from './naming.ts'
import { type Peer, parsePeer } from './peers.ts'
import { PORTS } from './signatures.ts'

export interface ScanOptions {
  peers: readonly string[]
  /** Our own instance id, and the port we listen on: never found. */
  instance: string
  ownPort: number
  /** One call per trouble worth a warning: a peer that is none, or does not resolve. */
  warn(message: string): void
  /** Of each question; the mission's 1.5 s. */
  limitMs?: number
}

export interface Scan {
  found: Identified[]
  /** Addresses that were asked. */
  asked: number
}

const LIMIT_MS = 1_500
const PARALLEL = 32

export async function scan(options: ScanOptions): Promise<Scan> {
  const limitMs = options.limitMs ?? LIMIT_MS
  const peers: Peer[] = []
  for (const text of options.peers) {
    const parsed = parsePeer(text)
    if ('problem' in parsed) options.warn(parsed.problem)
    else if (isMetadata(parsed.peer.host))
      options.warn(`discovery peer "${parsed.peer.host}" is a cloud metadata address and is never asked`)
    else peers.push(parsed.peer)
  }
  const hosts = new Map<string, Set<number>>()
  const add = ({ host, port }: Peer): void => {
    const ports = hosts.get(host) ?? new Set<number>()
    for (const one of port === undefined ? PORTS : [port]) ports.add(one)
    hosts.set(host, ports)
  }
  for (const host of LOCAL_HOSTS) add({ host })
  for (const peer of peers) add(peer)
  const known = new Map<string, string>()
  await Promise.all(
    [...hosts.keys()].map(async (host) => {
      const address = await resolve(host, limitMs)
      if (address !== undefined) known.set(host, address)
      else if (!LOCAL_HOSTS.includes(host))
        options.warn(`discovery peer "${host}" does not resolve and is skipped`)
    }),
  )
  const targets = [...hosts].flatMap(([host, ports]) =>
    known.has(host) ? [...ports].map((port) => ({ host, port })) : [],
  )
  // Our own listener says so itself; on this machine it need not even be asked.
  const strangers = targets.filter(
    ({ host, port }) => !(port === options.ownPort && known.get(host) === '127.0.0.1'),
  )
  const agent = new Agent({ lookup: guardedLookup(), keepAlive: true, maxSockets: PARALLEL })
  const verdicts: (Identified | undefined)[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let mine = next++; mine < strangers.length; mine = next++) {
      const { host, port } = strangers[mine] as { host: string; port: number }
      const verdict = await identify({ agent, host, port, instance: options.instance, limitMs })
      if ('found' in verdict) verdicts[mine] = verdict.found
    }
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, strangers.length) }, worker))
  agent.destroy()
  const found = verdicts.filter((row) => row !== undefined)
  return { found: found.filter((row) => !isEcho(row, found, known)), asked: strangers.length }
}

/** The host gateway shows this machine a second time: same port, same models. */
function isEcho(row: Identified, all: readonly Identified[], known: ReadonlyMap<string, string>): boolean {
  if (row.host === '127.0.0.1') return false
  const sameMachine = row.host === 'host.docker.internal' || known.get(row.host) === '127.0.0.1'
  return (
    sameMachine &&
    all.some(
      (other) =>
        other !== row &&
        other.host === '127.0.0.1' &&
        other.port === row.port &&
        other.models.join('\n') === row.models.join('\n'),
    )
  )
}

async function resolve(host: string, limitMs: number): Promise<string | undefined> {
  if (isIP(host.replace(/%.*$/, '')) !== 0) return host
  const late = new Promise<undefined>((done) => {
    setTimeout(() => done(undefined), limitMs).unref()
  })
  const found = lookup(host).then(
    ({ address }) => address,
    () => undefined,
  )
  return Promise.race([found, late])
}
