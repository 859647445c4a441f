import { expect, test } from 'vitest'
import { type BytesSource, Upload } from './upload.ts'

/** Gives a piece when it is told to. */
function source(): BytesSource & { give(text: string): void; end(): void } {
  const pieces: Buffer[] = []
  let ended = false
  let wake: (() => void)[] = []
  const woken = (): void => {
    for (const resolve of wake) resolve()
    wake = []
  }
  return {
    async ready() {
      if (pieces.length === 0 && !ended) await new Promise<void>((resolve) => wake.push(resolve))
    },
    take: () => pieces.shift(),
    stop() {},
    give(text) {
      pieces.push(Buffer.from(text))
      woken()
    },
    end() {
      ended = true
      woken()
    },
  }
}

async function read(pieces: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece.toString()
  return text
}

test('an attempt that ends while it waits for a piece leaves the piece to the next', async () => {
  const from = source()
  const upload = new Upload(from, 4, undefined)
  const first = upload.body(Buffer.from('held'))[Symbol.asyncIterator]()
  await first.next()
  const waiting = first.next()
  await first.return?.()
  expect(upload.spent).toBe(false)
  from.give(' rest')
  from.end()
  expect(await read(upload.body(Buffer.from('HELD')))).toBe('HELD rest')
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(upload).toMatchObject({ spent: true, bytes: 9, mostHeldBytes: 9 })
})

test('who needs the whole gets it, and whoever comes after it too', async () => {
  const from = source()
  const upload = new Upload(from, 4, 14)
  expect(upload.lengthWith(Buffer.from('longer'))).toBe(16)
  from.give(' and')
  from.give(' more.')
  from.end()
  expect((await upload.whole(Buffer.from('held'), 14, 'x')).toString()).toBe('held and more.')
  expect(upload.spent).toBe(false)
  expect(await read(upload.body(Buffer.from('HELD')))).toBe('HELD and more.')
})

test('the whole of what is too large is refused by who needs it and the setting', async () => {
  const from = source()
  const upload = new Upload(from, 4, undefined)
  from.give('1234567')
  await expect(
    upload.whole(Buffer.from('held'), 10, 'endpoint "a" takes a form only whole,'),
  ).rejects.toMatchObject({
    kind: 'payload_too_large',
    message: expect.stringMatching(
      /^endpoint "a" takes .* larger than 10 bytes; raise server\.max_body_bytes/,
    ),
  })
})
