import { describe, expect, test } from 'vitest'
import type { Frame } from '../core/dialect.ts'
import { sseFrame, sseReader } from './sse.ts'
import { frameOf, sseSplitter } from './sse-split.ts'

function readAll(pieces: Buffer[]): { frames: Frame[]; comments: string[] } {
  const frames: Frame[] = []
  const comments: string[] = []
  const reader = sseReader({ frame: (frame) => frames.push(frame), comment: (text) => comments.push(text) })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return { frames, comments }
}

const STREAMS: Record<string, [string, Frame[]]> = {
  'one data line': ['data: {"a":1}\n\n', [{ event: '', data: '{"a":1}' }]],
  'named events': [
    'event: ping\ndata: {}\n\nevent: x\ndata: 1\n\n',
    [
      { event: 'ping', data: '{}' },
      { event: 'x', data: '1' },
    ],
  ],
  'several data lines are joined by a line feed': ['data: a\ndata: b\n\n', [{ event: '', data: 'a\nb' }]],
  CRLF: [
    'data: a\r\n\r\ndata: b\r\n\r\n',
    [
      { event: '', data: 'a' },
      { event: '', data: 'b' },
    ],
  ],
  'bare CR': [
    'data: a\r\rdata: b\r\r',
    [
      { event: '', data: 'a' },
      { event: '', data: 'b' },
    ],
  ],
  'a BOM': ['\ufeffdata: a\n\n', [{ event: '', data: 'a' }]],
  'only one space is stripped': ['data:  a\ndata:b\n\n', [{ event: '', data: ' a\nb' }]],
  'a missing last blank line': [
    'data: a\n\ndata: b',
    [
      { event: '', data: 'a' },
      { event: '', data: 'b' },
    ],
  ],
  'ids, retry and comments carry no frame': [
    ': hi\nid: 7\nretry: 10\n\ndata: a\n\n',
    [{ event: '', data: 'a' }],
  ],
  'multi-byte text': ['data: {"t":"héllo 🎈 日本"}\n\n', [{ event: '', data: '{"t":"héllo 🎈 日本"}' }]],
}

describe('sseReader', () => {
  test.each(Object.entries(STREAMS))('%s, cut at every byte', (_name, [text, expected]) => {
    const bytes = Buffer.from(text)
    expect(readAll([bytes]).frames).toEqual(expected)
    expect(readAll([...bytes].map((byte) => Buffer.from([byte]))).frames).toEqual(expected)
    for (let cut = 1; cut < bytes.length; cut++)
      expect(readAll([bytes.subarray(0, cut), bytes.subarray(cut)]).frames).toEqual(expected)
  })

  test('comments are told apart from data', () => {
    expect(readAll([Buffer.from(': keep-alive\n\n')]).comments).toEqual([' keep-alive'])
  })

  test('an event past the cap is refused', () => {
    const reader = sseReader({ frame() {} }, 64)
    expect(() => reader.push(Buffer.from(`data: ${'x'.repeat(100)}`))).toThrow(/larger than 64 bytes/)
  })

  test('what it writes it reads', () => {
    expect(readAll([Buffer.from(sseFrame('e', '{}') + sseFrame('', '1'))]).frames).toEqual([
      { event: 'e', data: '{}' },
      { event: '', data: '1' },
    ])
  })
})

describe('sseSplitter', () => {
  const split = (pieces: Buffer[]): { events: string[]; rest: string } => {
    const events: string[] = []
    const splitter = sseSplitter((raw) => events.push(raw.toString('utf8')))
    for (const piece of pieces) splitter.push(piece)
    return { events, rest: splitter.rest().toString('utf8') }
  }

  test.each(Object.entries(STREAMS))(
    '%s: the pieces join to the same bytes, cut at every byte',
    (_name, [text, expected]) => {
      const bytes = Buffer.from(text)
      for (let cut = 0; cut < bytes.length; cut++) {
        const { events, rest } = split([bytes.subarray(0, cut), bytes.subarray(cut)])
        expect(events.join('') + rest).toBe(text)
        const frames = [...events, rest]
          .map((event) => frameOf(Buffer.from(event)))
          .filter((frame) => frame !== undefined)
        expect(frames).toEqual(expected)
      }
    },
  )

  test('an event that is not complete is not passed on', () => {
    expect(split([Buffer.from('data: a\n\ndata: {"b')])).toEqual({
      events: ['data: a\n\n'],
      rest: 'data: {"b',
    })
  })
})
