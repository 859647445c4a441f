import { expect, test } from 'vitest'
import { refuseForeignPage } from './foreign-page.ts'

const ask = (origin: string | undefined, host = '127.0.0.1:4000') => {
  try {
    refuseForeignPage({ headers: { host, ...(origin === undefined ? {} : { origin }) } })
    return 'let in'
  } catch (thrown) {
    return (thrown as { code?: string }).code
  }
}

test('programs, pages of this machine and of the gateway’s host are let in, others are not', () => {
  expect(ask(undefined)).toBe('let in')
  expect(ask('http://localhost:3000')).toBe('let in')
  expect(ask('http://[::1]:3000')).toBe('let in')
  expect(ask('https://llm.example.com', 'llm.example.com:443')).toBe('let in')
  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
  ])
    expect(ask(origin), origin).toBe('origin_not_allowed')
  expect(ask('https://evil.example', 'llm.example.com')).toBe('origin_not_allowed')
})
