// Whom to ask: `host`, `host:port`, a bare or a bracketed IPv6 address. Pure.

export interface Peer {
  host: string
  /** Only this port; absent: every usual one. */
  port?: number
}

export type ParsedPeer = { peer: Peer } | { problem: string }

export function parsePeer(text: string): ParsedPeer {
  const given = text.trim()
  const bad = (why: string): ParsedPeer => ({
    problem: `discovery peer "${given}" ${why}; write host, host:port or [v6]:port`,
  })
  if (/[\s/@?#]/.test(given)) return bad('is no host')
  const bracketed = /^\[([0-9a-f:.]+(?:%[\w.-]+)?)\](?::(.*))?$/i.exec(given)
  if (bracketed) return withPort(bracketed[1] as string, bracketed[2], bad)
  if (given.startsWith('[')) return bad('is no host')
  // More than one colon without brackets is an address of its own, and has no port.
  if (given.split(':').length > 2)
    return /^[0-9a-f:.%\w-]+$/i.test(given) ? { peer: { host: given } } : bad('is no host')
  const colon = given.indexOf(':')
  return colon < 0
    ? withPort(given, undefined, bad)
    : withPort(given.slice(0, colon), given.slice(colon + 1), bad)
}

function withPort(host: string, port: string | undefined, bad: (why: string) => ParsedPeer): ParsedPeer {
  if (host === '') return bad('names no host')
  const name = host.toLowerCase().replace(/\.$/, '')
  if (port === undefined) return { peer: { host: name } }
  const number = Number(port)
  if (!/^\d+$/.test(port) || number < 1 || number > 65_535)
    return bad(`has the port "${port}", which is none`)
  return { peer: { host: name, port: number } }
}

/** As it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
