// Rules for upstream addresses: which scheme a bare host means, what counts as private, how a base URL and an operation
// are joined. Pure; a host class is never a trust decision.

import { GatewayError } from './error.ts'

/** Addresses that hand out cloud credentials; never an upstream (requirement R-001-14). */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.0.23',
  '100.100.100.200',
  'fd00:ec2::254',
])

const WIDER = /(^[a-z0-9-]+$)|\.(lan|internal|home\.arpa|ts\.net)$|^host\.docker\.internal$/

/**
 * Adds the scheme a bare address means: http for private and local hosts, https for others. An explicit http(s) scheme
 * is never changed. `http:host` and `//host` are completed. @throws GatewayError for an empty address.
 */
export function normalizeUrl(input: string): string {
  const text = input.trim()
  if (text === '') throw new GatewayError('invalid_request', 'the URL is empty')
  if (/^https?:\/\//i.test(text)) return text
  const half = /^(https?):\/?(?!\/)(.+)$/i.exec(text)
  if (half) return `${(half[1] as string).toLowerCase()}://${half[2]}`
  const bare = text.startsWith('//') ? text.slice(2) : text
  return `${isLocalName(hostOf(bare)) ? 'http' : 'https'}://${bare}`
}

function hostOf(bare: string): string {
  if (bare.startsWith('[')) return bare.slice(1, bare.indexOf(']') < 0 ? undefined : bare.indexOf(']'))
  // More than one colon and no bracket: a bare IPv6 address.
  if (/^[0-9a-f:]+$/i.test(bare) && bare.split(':').length > 2) return bare
  const host = bare.slice(bare.indexOf('@') + 1)
  return /^[^:/?#]*/.exec(host)?.[0] ?? ''
}

/** The wider class that decides the scheme: private addresses, single-label names and names of home networks. */
function isLocalName(host: string): boolean {
  return isPrivateIp(host) || WIDER.test(host.toLowerCase().replace(/\.$/, ''))
}

/** Loopback, RFC 1918, link-local, CGNAT (Tailscale), ULA, `localhost` and `.local`; no DNS look-up. */
export function isPrivateIp(host: string): boolean {
  let name = host.trim().toLowerCase().replace(/\.$/, '')
  if (name.startsWith('[') && name.endsWith(']')) name = name.slice(1, -1)
  if (name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.local')) return true
  name = name.replace(/%.*$/, '')
  const v4 = v4Of(name)
  if (v4) return isPrivateV4(v4)
  if (!name.includes(':')) return false
  const words = v6Words(name)
  if (!words) return false
  const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
  if (mapped) {
    const high = words[6] as number
    const low = words[7] as number
    return isPrivateV4([high >> 8, high & 255, low >> 8, low & 255])
  }
  if (words.every((word, index) => word === (index === 7 ? 1 : 0))) return true
  const first = words[0] as number
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80
}

function v4Of(name: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name)
  const bytes = match?.slice(1).map(Number)
  return bytes?.every((byte) => byte < 256) ? bytes : undefined
}

function isPrivateV4([a, b]: readonly number[]): boolean {
  if (a === undefined || b === undefined) return false
  return (
    a === 127 ||
    a === 10 ||
    a === 0 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  )
}

/** Eight 16-bit words of an IPv6 address, `::` and a dotted tail expanded. */
function v6Words(name: string): number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(name)
  let text = name
  if (dotted) {
    const v4 = v4Of(dotted[2] as string)
    if (!v4) return undefined
    const [a, b, c, d] = v4 as [number, number, number, number]
    text = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const words = (half: string): number[] => (half === '' ? [] : half.split(':').map((word) => Number.parseInt(word, 16)))
  const head = words(halves[0] as string)
  const tail = halves.length === 2 ? words(halves[1] as string) : []
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 0) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return all.every((word) => Number.isInteger(word) && word >= 0 && word <= 0xffff) ? all : undefined
}

/** What people paste behind a base URL. */
const PASTED = /\/(chat\/completions|completions|embeddings|models|messages)$/

/**
 * A base URL in its one form: scheme, no trailing slash, no pasted operation, `/v1` behind an Ollama root.
 * @throws GatewayError naming what is wrong with it.
 */
export function cleanBaseUrl(input: string, providerId?: string): string {
  const refuse = (why: string): never => {
    throw new GatewayError('invalid_request', `the URL "${input}" ${why}`)
  }
  if (/[\s\\]/.test(input.trim())) refuse('holds white space or a backslash')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(input.trim())?.[1]
  if (scheme !== undefined && !/^https?$/i.test(scheme)) refuse('is not http or https')
  let url: URL
  try {
    url = new URL(normalizeUrl(input))
  } catch {
    return refuse('is not a valid URL')
  }
  if (url.username !== '' || url.password !== '') refuse('holds credentials; put them into api_key')
  if (url.search !== '' || url.hash !== '') refuse('holds a query or a fragment')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (METADATA.has(host)) refuse('points at a cloud metadata address, which is never an upstream')
  let path = url.pathname.replace(/\/+$/, '').replace(PASTED, '').replace(/\/+$/, '')
  if (providerId === 'ollama' && path === '') path = '/v1'
  return `${url.origin}${path}`
}

const AZURE_VERSION = '2024-10-21'

/** The full address of an operation. Azure's three forms: `/openai/v1`, a pasted deployment, the bare resource. */
export function operationUrl(
  baseUrl: string,
  path: string,
  target: { model: string; providerId: string },
): string {
  if (target.providerId !== 'azure' || baseUrl.includes('/openai/v1')) return `${baseUrl}${path}`
  const version = `?api-version=${AZURE_VERSION}`
  if (baseUrl.includes('/deployments/')) return `${baseUrl}${path}${version}`
  const root = baseUrl.replace(/\/openai$/, '')
  if (path === '/models') return `${root}/openai/models${version}`
  return `${root}/openai/deployments/${encodeURIComponent(target.model)}${path}${version}`
}
