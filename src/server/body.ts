// Reads a request body under a cap, unpacking gzip and zstd (newer agents compress long conversations). Of a large form
// only the beginning: gateway/form-head.ts.

import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib'
import type { ServerConfig } from '../config/config.ts'
import { GatewayError } from '../core/error.ts'
import type { Call } from '../gateway/call.ts'
import { comingFormType, formHead } from '../gateway/form-head.ts'
import { tooLargeForm } from '../gateway/upload.ts'
import { RequestBytes } from './request-bytes.ts'

const UNPACK = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
} as const

export type Sent = Pick<Call, 'body' | 'upload'>

/**
 * The body of a call that may be a form: whole, or of a large form its beginning.
 * @param routed a form is sent by its `model`
 */
export async function readSent(
  request: IncomingMessage,
  routed: boolean,
  { maxBodyBytes, maxUploadBytes }: Pick<ServerConfig, 'maxBodyBytes' | 'maxUploadBytes'>,
): Promise<Sent> {
  const contentType = comingFormType(request.headers)
  if (contentType === undefined) return { body: await readBody(request, maxBodyBytes) }
  const length = request.headers['content-length']
  const declaredBytes = length === undefined ? undefined : Number(length)
  const mostBytes = Math.max(maxBodyBytes, maxUploadBytes)
  if (declaredBytes !== undefined && declaredBytes > mostBytes) throw tooLargeForm(mostBytes)
  const source = new RequestBytes(request, mostBytes)
  return formHead(source, { contentType, declaredBytes, routed, capBytes: maxBodyBytes })
}

export async function readBody(request: IncomingMessage, capBytes: number): Promise<Buffer> {
  const raw = await collect(request, capBytes)
  const encoding = request.headers['content-encoding']
  if (encoding === undefined || encoding === 'identity') return raw
  if (!(encoding in UNPACK))
    throw new GatewayError(
      'invalid_request',
      `content-encoding "${encoding}" is not understood (known: gzip, deflate, br, zstd)`,
    )
  try {
    return await UNPACK[encoding as keyof typeof UNPACK](raw, { maxOutputLength: capBytes })
  } catch (cause) {
    const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    throw tooLarge
      ? large(capBytes)
      : new GatewayError('invalid_request', `the body is not valid ${encoding}`, { cause })
  }
}

function collect(request: IncomingMessage, capBytes: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'])
  if (declared > capBytes) return Promise.reject(large(capBytes))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > capBytes) {
        request.removeAllListeners('data')
        reject(large(capBytes))
        return
      }
      chunks.push(chunk)
    })
    let ended = false
    request.on('end', () => {
      ended = true
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
    })
    // Every request closes in the end: an error, with its stack, is made only for one that broke off.
    const gone = (): void => {
      if (!ended) reject(new GatewayError('caller_gone', 'the caller hung up while sending'))
    }
    request.on('error', gone)
    request.on('close', gone)
  })
}

function large(capBytes: number): GatewayError {
  return new GatewayError(
    'payload_too_large',
    `the request body is larger than ${capBytes} bytes; raise server.max_body_bytes to allow it`,
  )
}
