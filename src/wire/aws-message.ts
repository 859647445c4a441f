// One message of Amazon's event stream in bytes: prelude (length, header length, CRC), headers, payload, CRC. All numbers
// are big-endian; the CRC is the one of zlib. Source: Smithy 2.0, "Amazon Event Stream Specification".

import { crc32 } from 'node:zlib'

/** Prelude and the trailing CRC: no message is shorter. */
export const LEAST_BYTES = 16
const PRELUDE_BYTES = 12

/** Bytes of the value by header type; strings (7) and byte arrays (6) carry two bytes of length. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 }
const BYTES = 6
const STRING = 7

export interface AwsMessage {
  /** Headers of type string; the stream's own are all of it. */
  headers: Record<string, string>
  payload: Buffer
}

/** @throws Error for lengths that do not fit, a wrong CRC or a header type that is none. */
export function decodeMessage(bytes: Uint8Array): AwsMessage {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const total = message.length < LEAST_BYTES ? -1 : message.readUInt32BE(0)
  if (total !== message.length) throw new Error(`a message of ${message.length} bytes says it has ${total}`)
  const headerBytes = message.readUInt32BE(4)
  if (crc32(message.subarray(0, 8)) !== message.readUInt32BE(8))
    throw new Error('the CRC of its prelude is wrong')
  if (crc32(message.subarray(0, total - 4)) !== message.readUInt32BE(total - 4))
    throw new Error('its CRC is wrong')
  const end = PRELUDE_BYTES + headerBytes
  if (end > total - 4) throw new Error(`${headerBytes} bytes of headers do not fit into ${total}`)
  const headers: Record<string, string> = {}
  for (let at = PRELUDE_BYTES; at < end; ) {
    const named = at + 1
    const typed = named + message.readUInt8(at)
    const type = typed < end ? message.readUInt8(typed) : -1
    let value = typed + 1
    let length = VALUE_BYTES[type]
    if (type === STRING || type === BYTES) {
      length = value + 2 <= end ? message.readUInt16BE(value) : Infinity
      value += 2
    }
    if (length === undefined) throw new Error(`a header of the unknown type ${type}`)
    at = value + length
    if (at > end) throw new Error('a header that goes beyond the others')
    if (type === STRING) headers[message.toString('utf8', named, typed)] = message.toString('utf8', value, at)
  }
  return { headers, payload: message.subarray(end, total - 4) }
}

/** The bytes of a message whose headers are strings. */
export function encodeMessage({ headers, payload }: AwsMessage): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(headers)) {
    const named = Buffer.from(name, 'utf8')
    const valued = Buffer.from(value, 'utf8')
    parts.push(
      Buffer.from([named.length]),
      named,
      Buffer.from([STRING, valued.length >> 8, valued.length & 0xff]),
      valued,
    )
  }
  const head = Buffer.concat(parts)
  const message = Buffer.alloc(LEAST_BYTES + head.length + payload.length)
  message.writeUInt32BE(message.length, 0)
  message.writeUInt32BE(head.length, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  head.copy(message, PRELUDE_BYTES)
  payload.copy(message, PRELUDE_BYTES + head.length)
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4)
  return message
}
