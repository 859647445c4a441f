// The last check before a connection: where a name really leads. Literal addresses are looked at when an endpoint is
// made and again here; every address a resolver gives is looked at in the same breath in which it is used, so that an
// answer that changes between check and connect changes nothing. Redirects are answers and are never followed.

import { lookup as systemLookup } from 'node:dns'
import { type LookupFunction, isIP } from 'node:net'
import { isMetadata } from '../core/address.ts'
import { GatewayError } from '../core/error.ts'

function refusal(host: string, address: string): Error {
  const leads = host === address ? '' : ` leads to ${address}, which`
  return new Error(`"${host}"${leads} is a cloud metadata address, which is never an upstream`)
}

/** A `lookup` for net.connect and tls.connect that refuses the whole name when any of its addresses is refused. */
export function guardedLookup(resolve: LookupFunction = systemLookup): LookupFunction {
  return (host, options, callback) => {
    const fail = (error: NodeJS.ErrnoException): void => callback(error, [])
    if (isMetadata(host)) return fail(refusal(host, host))
    resolve(host, options, (error, addresses, family) => {
      if (error) return callback(error, addresses, family)
      const all = typeof addresses === 'string' ? [addresses] : addresses.map((row) => row.address)
      const bad = all.find((address) => isMetadata(address))
      if (bad !== undefined) return fail(refusal(host, bad))
      callback(null, addresses, family)
    })
  }
}

/** An address written out is never looked up. @throws GatewayError for one that is never an upstream. */
export function guardLiteral(origin: string): void {
  const host = new URL(origin).hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && isMetadata(host))
    throw new GatewayError('backend_unavailable', refusal(host, host).message, { phase: 'connect' })
}
