// What of an endpoint's entry is secret: keys, and headers, which may carry some. These parts are sealed together and
// never lie beside the rest of the entry.

import type { EndpointEntry } from '../../config/schema.ts'
import type { Sealed } from '../../core/ports.ts'
import { Secret } from '../../core/secret.ts'
import type { Sealer } from '../../stores/seal.ts'

const MEMBERS = [
  'api_key',
  'api_keys',
  'access_key_id',
  'secret_access_key',
  'session_token',
  'client_secret',
  'credentials',
  'headers',
  'custom_headers',
] as const

/** What stands in the place of a secret where one is shown. */
const SHOWN = '[secret]'

type Member = (typeof MEMBERS)[number]
type Parts = Partial<Pick<EndpointEntry, Member>>

/** The secret parts of an entry. Prints as "[secret]", as everything of its kind. */
export class SecretParts {
  readonly #parts: Parts

  constructor(parts: Parts = {}) {
    this.#parts = Object.fromEntries(
      Object.entries(parts).filter(([, value]) => value !== undefined && value !== null && value !== ''),
    )
  }

  get isEmpty(): boolean {
    return Object.keys(this.#parts).length === 0
  }

  /** The plain values; call it only where an endpoint is made of them. */
  reveal(): Parts {
    return this.#parts
  }

  /** Header values that come back as they were shown keep what is there. */
  with(more: Parts): SecretParts {
    const next: Parts = { ...this.#parts, ...more }
    for (const name of ['headers', 'custom_headers'] as const) {
      const before = { ...this.#parts.headers, ...this.#parts.custom_headers }
      const given = more[name]
      if (given)
        next[name] = Object.fromEntries(
          Object.entries(given).map(([key, value]) => [
            key,
            value === SHOWN ? (before[key] ?? value) : value,
          ]),
        )
    }
    return new SecretParts(next)
  }

  /** Names of the headers, which are none themselves. */
  get headerNames(): string[] {
    return [...Object.keys(this.#parts.headers ?? {}), ...Object.keys(this.#parts.custom_headers ?? {})]
  }

  seal(seals: Sealer, endpointId: string): Sealed {
    return seals.seal(new Secret(JSON.stringify(this.#parts)), endpointId)
  }

  toJSON(): string {
    return '[secret]'
  }
}

/** Undefined when the seal does not open. */
export function openParts(
  sealed: Sealed,
  seals: Sealer | undefined,
  endpointId: string,
): SecretParts | undefined {
  const opened = seals?.open(sealed, endpointId)
  return opened && new SecretParts(JSON.parse(opened.reveal()) as Parts)
}

/** An entry in its two halves. */
export function split(entry: EndpointEntry): { open: EndpointEntry; secret: Parts } {
  const open = { ...entry }
  const secret: Parts = {}
  for (const name of MEMBERS) {
    if (open[name] !== undefined) Object.assign(secret, { [name]: open[name] })
    delete open[name]
  }
  return { open, secret }
}
