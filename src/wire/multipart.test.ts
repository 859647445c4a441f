import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../core/error.ts'
import { FormReader, formField, isForm, withField } from './multipart.ts'

async function form(fields: Record<string, string | Blob>): Promise<{ type: string; body: Buffer }> {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  const request = new Request('http://127.0.0.1', { method: 'POST', body: data })
  return {
    type: request.headers.get('content-type') ?? '',
    body: Buffer.from(await request.arrayBuffer()),
  }
}

async function readBack(body: Buffer, type: string): Promise<FormData> {
  return new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
}

test('a field is found behind a file, and its value replaced', async () => {
  const file = new Blob([new Uint8Array([13, 10, 45, 45, 0, 255])])
  const { type, body } = await form({ file, model: 'whisper', language: 'de' })
  expect(isForm(type)).toBe(true)
  expect(formField(body, type, 'model')?.value).toBe('whisper')
  const back = await readBack(withField(body, type, 'model', 'whisper-large-v3'), type)
  expect(back.get('model')).toBe('whisper-large-v3')
  expect(back.get('language')).toBe('de')
  expect(Buffer.from(await (back.get('file') as File).arrayBuffer())).toEqual(
    Buffer.from([13, 10, 45, 45, 0, 255]),
  )
})

test('a field that is missing is added', async () => {
  const { type, body } = await form({ language: 'de' })
  expect(formField(body, type, 'model')).toBeUndefined()
  expect((await readBack(withField(body, type, 'model', 'm'), type)).get('model')).toBe('m')
})

test('a file named like the field is not the field', async () => {
  const { type, body } = await form({ model: new Blob(['x']) })
  expect(formField(body, type, 'model')).toBeUndefined()
})

test('any bytes give a field or an invalid_request', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        formField(Buffer.concat([Buffer.from('--b'), bytes]), 'multipart/form-data; boundary=b', 'model')
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(GatewayError)
      }
    }),
  )
})

test('a form in pieces, cut anywhere, gives the fields of the whole', () => {
  const type = 'multipart/form-data; boundary=bb'
  const text = (name: string, value: string): string =>
    `--bb\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const body = Buffer.from(
    `preamble\r\n${text('stream', 'true')}--bb\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n\r\n--b\r\n\r\n-${text('x', 'y').slice(0, 3)}\r\n${text('model', 'größer')}--bb--\r\nafter`,
  )
  const whole = { model: formField(body, type, 'model'), stream: formField(body, type, 'stream') }
  expect([whole.model?.value, whole.stream?.value]).toEqual(['größer', 'true'])
  fc.assert(
    fc.property(fc.array(fc.nat({ max: body.length }), { maxLength: 12 }), (cuts) => {
      const reader = new FormReader(type)
      const places = [0, ...cuts.toSorted((a, b) => a - b), body.length]
      for (let at = 1; at < places.length; at++) reader.push(body.subarray(places[at - 1], places[at]))
      reader.end()
      expect({ model: reader.field('model'), stream: reader.field('stream') }).toEqual(whole)
      expect(reader.held.equals(body)).toBe(true)
    }),
  )
})
