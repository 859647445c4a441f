import { describe, expect, test } from 'vitest'
import { isPrivateIp, normalizeUrl } from '../../src/core/url-rules.ts'

describe('A-020 normalizeUrl chooses the scheme by the host', () => {
  test.for([
    ['localhost:11434', 'http://localhost:11434'],
    ['127.0.0.1:11434', 'http://127.0.0.1:11434'],
    ['[::1]:11434', 'http://[::1]:11434'],
    ['10.0.0.5:8000/v1', 'http://10.0.0.5:8000/v1'],
    ['api.example.com/v1', 'https://api.example.com/v1'],
    ['https://x:11434', 'https://x:11434'],
    ['http:host.example', 'http://host.example'],
    ['//192.168.1.5:1', 'http://192.168.1.5:1'],
  ] as const)('A-020 %s', ([given, wanted]) => {
    expect(normalizeUrl(given)).toBe(wanted)
  })

  test.for([
    ['http://api.example.com/v1/', 'http://api.example.com/v1/'],
    ['  https://api.example.com/v1  ', 'https://api.example.com/v1'],
    ['//api.example.com/v1', 'https://api.example.com/v1'],
    ['[fd00::1]:8000/v1', 'http://[fd00::1]:8000/v1'],
    ['[2001:4860:4860::8888]:8000', 'https://[2001:4860:4860::8888]:8000'],
    ['100.98.112.23:1234', 'http://100.98.112.23:1234'],
  ] as const)('A-020 further forms: %s', ([given, wanted]) => {
    expect(normalizeUrl(given)).toBe(wanted)
  })

  test('A-020 an empty URL is an error', () => {
    expect(() => normalizeUrl('')).toThrow(/./)
    expect(() => normalizeUrl('   ')).toThrow(/./)
  })
})

const PRIVATE = [
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '127.0.0.1',
  '::1',
  '[::1]',
  'fc00::1',
  'fd00::1',
  'fe80::1',
  'nas.local',
  'localhost',
]
const PUBLIC = ['172.15.0.1', '172.32.0.1', '8.8.8.8', '2001:4860:4860::8888', 'api.openai.com']

describe('A-021 isPrivateIp', () => {
  test.for(PRIVATE)('A-021 %s is private', (host) => {
    expect(isPrivateIp(host)).toBe(true)
  })
  test.for(PUBLIC)('A-021 %s is public', (host) => {
    expect(isPrivateIp(host)).toBe(false)
  })
  test.for([
    'NAS.LOCAL',
    'nas.local.',
    '::ffff:10.0.0.1',
    '127.1.2.3',
    '169.254.1.1',
    'a.localhost',
    '0.0.0.0',
  ])('A-021 %s is private, too', (host) => {
    expect(isPrivateIp(host)).toBe(true)
  })
  test.for(['10.0.0.1:80', 'fe80.example.com', 'fd00.example.com', 'local', 'notlocal', '11.0.0.1', ''])(
    'A-021 %s is not',
    (host) => {
      expect(isPrivateIp(host)).toBe(false)
    },
  )
})

describe('A-022 carrier-grade NAT, where Tailscale lives', () => {
  test.for(['100.64.0.0', '100.64.0.1', '100.127.255.255'])('A-022 %s is private', (host) => {
    expect(isPrivateIp(host)).toBe(true)
  })
  test.for(['100.63.255.255', '100.128.0.1'])('A-022 %s is public', (host) => {
    expect(isPrivateIp(host)).toBe(false)
  })
})
