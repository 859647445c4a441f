// Signature Version 4. The library does the arithmetic; here are the rules that break people: the path is signed encoded
// once more, only headers that no hop rewrites are signed, the body is hashed as it goes out.

import { createHash, createHmac } from 'node:crypto'
import type { AwsAccess } from '../providers/endpoint.ts'
import type { AwsKeys } from './aws-credentials.ts'
import type { Sign } from './headers.ts'

class Sha256 {
  readonly #hash: ReturnType<typeof createHash>
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined
        ? createHash('sha256')
        : (createHmac('sha256', bytes(secret)) as unknown as ReturnType<typeof createHash>)
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytes(data))
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
  reset(): void {}
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

export interface SigV4Options {
  /** Signing name: `bedrock`, `bedrock-mantle`. */
  service: string
  region: AwsAccess['region']
  /** Host and port as they stand in the Host header. */
  host: string
  keys(): Promise<AwsKeys>
  /** Milliseconds since the epoch. */
  now(): number
}

/** Headers that a request to AWS needs beside its own. */
export function sigV4({ service, region, host, keys, now }: SigV4Options): Sign {
  // Loaded by the first request that needs it.
  const signer = once(async () => {
    const { SignatureV4 } = await import('@smithy/signature-v4')
    return new SignatureV4({ service, region, sha256: Sha256, applyChecksum: false, credentials: keys })
  })
  return async ({ method, path, headers, body }) => {
    const mark = path.indexOf('?')
    const query = new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1))
    const signed = await (await signer()).sign(
      {
        method,
        protocol: 'https:',
        hostname: host,
        path: mark < 0 ? path : path.slice(0, mark),
        query: Object.fromEntries(query),
        headers: {
          host,
          ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] }),
        },
        ...(body === undefined ? {} : { body }),
      },
      { signingDate: new Date(now()) },
    )
    const { host: _host, 'content-type': _type, ...added } = signed.headers
    return added
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
