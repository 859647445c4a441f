// Names for what was found: the service on this machine, `<service>-<host>` elsewhere, the port behind it for a second
// one on the same host, and `-auto` where somebody has the name already. What is configured is never touched. Pure.

export interface Nameable {
  kind: string
  host: string
  port: number
}

/** Hosts that mean this machine; everything else is a peer, 127.0.0.2 as well. */
export const LOCAL_HOSTS: readonly string[] = ['127.0.0.1', 'host.docker.internal']

const MAX_ID = 64

/** @param taken ids of every other source. @returns ids in the order of `found`. */
export function namesFor(found: readonly Nameable[], taken: ReadonlySet<string>): string[] {
  const given = new Set<string>()
  return found.map((row) => {
    const plain = LOCAL_HOSTS.includes(row.host) ? row.kind : `${row.kind}-${dashed(row.host)}`
    const base = fit(given.has(plain) || given.has(`${plain}-auto`) ? `${plain}-${row.port}` : plain)
    let id = base
    for (let count = 1; taken.has(id) || given.has(id); count++)
      id = `${base.slice(0, MAX_ID - 8)}-auto${count === 1 ? '' : count}`
    given.add(id)
    return id
  })
}

function dashed(host: string): string {
  return host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
}

function fit(id: string): string {
  return id.slice(0, MAX_ID)
}
