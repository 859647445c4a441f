// Rules for upstream addresses: which scheme a bare host means, what counts as private, how a base URL and an operation
// are joined. Pure; a host class is never a trust decision.

import { isMapped, isMetadata, lastFour, v4Of, v6Words } from './address.ts'
import { GatewayError } from './error.ts'

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
  // Only a bare IPv6 address without brackets and port is its own host; the URL form wants the brackets.
  const written = isBareV6(bare) ? `[${bare}]` : bare
  return `${isLocalName(hostOf(bare)) ? 'http' : 'https'}://${written}`
}

function hostOf(bare: string): string {
  if (bare.startsWith('[')) return bare.slice(1, bare.indexOf(']') < 0 ? undefined : bare.indexOf(']'))
  if (isBareV6(bare)) return bare
  const host = bare.slice(bare.indexOf('@') + 1)
  return /^[^:/?#]*/.exec(host)?.[0] ?? ''
}

/** More than one colon and nothing but hexadecimal digits, dots and a zone: no host has a name like that. */
function isBareV6(text: string): boolean {
  return /^[0-9a-f:.]+(%\w+)?$/i.test(text) && text.split(':').length > 2
}

/** The wider class that decides the scheme: private addresses, single-label names and names of home networks. */
export function isLocalName(host: string): boolean {
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
  if (isMapped(words)) return isPrivateV4(lastFour(words))
  if (words.every((word, index) => word === (index === 7 ? 1 : 0))) return true
  const first = words[0] as number
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80
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

/** What people paste behind a base URL. */
const PASTED = /\/(chat\/completions|completions|embeddings|models|messages|responses)$/

/** Ollama's own API, pasted where its OpenAI-compatible root is meant. */
const OLLAMA_NATIVE = /\/api(\/(chat|generate|tags|embed))?$/

/**
 * A base URL in its one form: scheme, no trailing slash, no pasted operation, `/v1` behind an Ollama root. Azure alone
 * may carry `?api-version=`, which overrides the built-in one. @throws GatewayError naming what is wrong with it.
 */
export function cleanBaseUrl(input: string, providerId?: string): string {
  const refuse = (why: string): never => {
    throw new GatewayError('invalid_request', `the URL "${hideCredentials(input)}" ${why}`)
  }
  const text = input.trim()
  if (/[\s\\\p{Cc}]/u.test(text)) refuse('holds white space, a control character or a backslash')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  if (scheme !== undefined && !/^https?$/i.test(scheme)) refuse('is not http or https')
  // The URL parser would take the path's first piece for the host.
  if (/^https?:\/\/\//i.test(text)) refuse('names no host')
  let url: URL
  try {
    url = new URL(normalizeUrl(text))
  } catch (thrown) {
    return refuse(text === '' && thrown instanceof GatewayError ? 'is empty' : 'is not a valid URL')
  }
  if (url.username !== '' || url.password !== '') refuse('holds credentials; put them into api_key')
  const version = providerId === 'azure' ? url.searchParams.get('api-version') : null
  const onlyVersion = version !== null && url.searchParams.size === 1
  if ((url.search !== '' && !onlyVersion) || url.hash !== '') refuse('holds a query or a fragment')
  if (isMetadata(url.hostname.replace(/^\[|\]$/g, '')))
    refuse('points at a cloud metadata address, which is never an upstream')
  let path = url.pathname.replace(/\/+$/, '').replace(PASTED, '').replace(/\/+$/, '')
  if (providerId === 'ollama') {
    path = path.replace(OLLAMA_NATIVE, '')
    if (!path.endsWith('/v1')) path += '/v1'
  }
  if (providerId === 'azure-anthropic') path = `${path.replace(/(\/anthropic)?(\/v1)?$/, '')}/anthropic/v1`
  return `${url.origin}${path}${onlyVersion ? `?api-version=${encodeURIComponent(version)}` : ''}`
}

/** A message must never print the password somebody put into a URL. */
function hideCredentials(text: string): string {
  return text.replace(/^((?:[a-z][a-z0-9+.-]*:)?\/*)[^/@]*@/i, '$1...@')
}

/** Google names models with their collection in front; `@` before a version is legal in a path, and written so there. */
function pathModel(model: string): string {
  return encodeURIComponent(model.replace(/^(publishers\/[^/]+\/)?models\//, '')).replaceAll('%40', '@')
}

const AZURE_VERSION = '2024-10-21'
const AZURE_RESPONSES_VERSION = '2025-04-01-preview'

/**
 * The full address of an operation. `{model}` in the path is the model, percent-encoded; leading `/..` climb out of the
 * base. Azure's three forms: `/openai/v1`, a pasted deployment, the bare resource.
 */
export function operationUrl(
  baseUrl: string,
  path: string,
  target: { model: string; providerId: string },
): string {
  if (target.providerId !== 'azure') return `${baseUrl}${path.replace('{model}', pathModel(target.model))}`
  const mark = baseUrl.indexOf('?')
  const base = mark < 0 ? baseUrl : baseUrl.slice(0, mark)
  if (base.includes('/openai/v1')) return `${base}${path}${mark < 0 ? '' : baseUrl.slice(mark)}`
  const version = mark < 0 ? `?api-version=${AZURE_VERSION}` : baseUrl.slice(mark)
  const root = base.replace(/\/openai(\/deployments\/.*)?$/, '')
  // Sessions are at the /openai/v1 that every resource has, the deployment in their query.
  if (path === '/realtime') return `${root}/openai/v1${path}`
  // The list is the resource's, whichever deployment the base names.
  if (path === '/models') return `${root}/openai/models${version}`
  // Responses name their deployment in the body and are younger than the general version.
  if (path.startsWith('/responses'))
    return `${root}/openai${path}${mark < 0 ? `?api-version=${AZURE_RESPONSES_VERSION}` : version}`
  if (base.includes('/deployments/')) return `${base}${path}${version}`
  return `${root}/openai/deployments/${encodeURIComponent(target.model)}${path}${version}`
}
