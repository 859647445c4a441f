import { expect, test } from 'vitest'
import { GatewayError } from '../core/error.ts'
import { awsMessage, awsReader, frameOfMessage } from './aws-event-stream.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const EMPTY = hex('000000100000000005c248eb7d98c8ff')
const DELTA = hex(
  '0000009f00000057c37babff0b3a6576656e742d74797065070011636f6e74656e74426c6f636b44656c74610d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b22636f6e74656e74426c6f636b496e646578223a302c2264656c7461223a7b2274657874223a224869227d2c2270223a2261626364227df2ace5ff',
)
const THROTTLED = hex(
  '0000008e00000061514180540f3a657863657074696f6e2d747970650700137468726f74746c696e67457863657074696f6e0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d74797065070009657863657074696f6e7b226d657373616765223a22546f6f206d616e7920746f6b656e73227dc81b1ec1',
)

interface Seen {
  event: string
  data: string
}

function read(pieces: readonly Uint8Array[], cap?: number): Seen[] {
  const frames: Seen[] = []
  const reader = awsReader({ frame: (frame) => frames.push(frame) }, cap)
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return frames
}

const WANTED: Seen[] = [
  { event: '', data: '' },
  { event: 'contentBlockDelta', data: '{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"abcd"}' },
  { event: 'throttlingException', data: '{"message":"Too many tokens"}' },
]

test('127 published frames decode', () => {
  expect(read([EMPTY, DELTA, THROTTLED])).toEqual(WANTED)
})

test('127 a flipped bit breaks the CRC, a cut frame is an error at the end', () => {
  const flipped = Buffer.from(DELTA)
  flipped.writeUInt8((flipped.at(120) as number) ^ 1, 120)
  expect(() => read([flipped])).toThrow(/broken/)
  const prelude = Buffer.from(DELTA)
  prelude.writeUInt8((prelude.at(9) as number) ^ 1, 9)
  expect(() => read([prelude])).toThrow(/broken/)
  expect(() => read([DELTA.subarray(0, DELTA.length - 1)])).toThrow(/ended inside a message/)
})

test('128 cut in two at every byte, and byte by byte: the same frames', () => {
  const bytes = Buffer.concat([EMPTY, DELTA, THROTTLED])
  for (let at = 0; at <= bytes.length; at++)
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(WANTED)
  expect(read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))).toEqual(WANTED)
})

test('a transport that reuses its buffer changes nothing', () => {
  const frames: Seen[] = []
  const reader = awsReader({ frame: (frame) => frames.push(frame) })
  const shared = Buffer.alloc(10)
  for (let at = 0; at < DELTA.length; at += 10)
    reader.push(shared.subarray(0, DELTA.copy(shared, 0, at, at + 10)))
  reader.end()
  expect(frames).toEqual([WANTED[1]])
})

test('129 header types 0 to 9 decode, and unknown headers mean nothing', () => {
  const name = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
  const headers = Buffer.concat([
    name('t'),
    hex('00'),
    name('f'),
    hex('01'),
    name('b'),
    hex('0205'),
    name('s'),
    hex('030005'),
    name('i'),
    hex('0400000005'),
    name('l'),
    hex('050000000000000005'),
    name('y'),
    hex('0600020102'),
    name(':event-type'),
    hex('070002'),
    Buffer.from('ok'),
    name('d'),
    hex('080000000000000005'),
    name('u'),
    hex('09000102030405060708090a0b0c0d0e0f'),
  ])
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(headers.length + 18, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const head = Buffer.concat([prelude, word(checksum(prelude)), headers, Buffer.from('{}')])
  expect(frameOfMessage(Buffer.concat([head, word(checksum(head))]))).toEqual({ event: 'ok', data: '{}' })
})

test('a message outside its bounds is refused by its length alone', () => {
  const prefix = (bytes: number): Buffer => word(bytes)
  expect(() => read([prefix(15)])).toThrow(GatewayError)
  expect(() => read([prefix(0xffffffff)])).toThrow(/outside/)
  expect(() => read([DELTA], 100)).toThrow(/outside 16..100/)
})

test('encoded messages are the published bytes', () => {
  expect(awsMessage('contentBlockDelta', WANTED[1]?.data as string).equals(DELTA)).toBe(true)
  expect(awsMessage('throttlingException', WANTED[2]?.data as string, 'exception').equals(THROTTLED)).toBe(
    true,
  )
})

test('one large message in small pieces takes linear time', () => {
  const big = awsMessage('chunk', JSON.stringify({ bytes: 'x'.repeat(4_000_000) }))
  const pieces = Array.from({ length: Math.ceil(big.length / 1000) }, (_, at) =>
    big.subarray(at * 1000, at * 1000 + 1000),
  )
  const before = process.cpuUsage().user
  expect(read(pieces)[0]?.data.length).toBe(4_000_012)
  expect((process.cpuUsage().user - before) / 1000).toBeLessThan(3000)
})

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

/** CRC-32/ISO-HDLC, bit by bit: shares nothing with the library. */
function checksum(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}
