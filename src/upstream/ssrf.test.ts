// Every way we know to spell an address that must never be called: written out, by name, through translation, by a
// resolver that changes its mind, by redirect. None reaches its target.

import type { LookupAddress } from 'node:dns'
import http from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isMetadata, isNowhere } from '../core/address.ts'
import { GatewayError } from '../core/error.ts'
import { cleanBaseUrl } from '../core/url-rules.ts'
import { guardLiteral, guardedLookup } from './guard.ts'

/** 169.254.169.254 and its like, as a URL may spell them. */
const SPELLINGS = [
  'http://169.254.169.254/v1',
  'http://169.254.169.254:80/v1',
  'https://169.254.169.254/v1',
  'HTTP://169.254.169.254/v1',
  'http:169.254.169.254/v1',
  'http:/169.254.169.254/v1',
  '//169.254.169.254/v1',
  '169.254.169.254',
  '169.254.169.254:8000/v1',
  'http://169.254.169.254./v1',
  'http://169.254.43518/v1',
  'http://169.16689662/v1',
  'http://2852039166/v1',
  'http://2852039166./v1',
  'http://0xa9fea9fe/v1',
  'http://0xA9FEA9FE/v1',
  'http://0xa9.0xfe.0xa9.0xfe/v1',
  'http://0xa9.254.0251.0xfe/v1',
  'http://0251.0376.0251.0376/v1',
  'http://0000251.0376.0251.0376/v1',
  'http://025177524776/v1',
  'http://169.0xfea9fe/v1',
  'http://169.254.0xa9fe/v1',
  'http://%31%36%39.254.169.254/v1',
  'http://169%2e254%2e169%2e254/v1',
  'http://１６９.２５４.１６９.２５４/v1',
  'http://169。254。169。254/v1',
  'http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/v1',
  'http://[::ffff:169.254.169.254]/v1',
  'http://[::ffff:a9fe:a9fe]/v1',
  'http://[::FFFF:A9FE:A9FE]/v1',
  'http://[0:0:0:0:0:ffff:a9fe:a9fe]/v1',
  'http://[0000:0000:0000:0000:0000:ffff:a9fe:a9fe]/v1',
  'http://[::169.254.169.254]/v1',
  'http://[::a9fe:a9fe]/v1',
  'http://[::ffff:0:169.254.169.254]/v1',
  'http://[64:ff9b::169.254.169.254]/v1',
  'http://[64:ff9b::a9fe:a9fe]/v1',
  'http://[0064:ff9b:0:0:0:0:a9fe:a9fe]/v1',
  'http://[64:ff9b:1::a9fe:a9fe]/v1',
  'http://[2002:a9fe:a9fe::]/v1',
  'http://[2002:a9fe:a9fe::1]/v1',
  'http://[2001:0:1234:5678::5601:5601]/v1',
  'http://[fe80::5efe:169.254.169.254]/v1',
  'http://[fe80::200:5efe:a9fe:a9fe]/v1',
  'http://[fd00:ec2::254]/v1',
  'http://[fd00:0ec2:0000::0254]/v1',
  'http://[FD00:EC2:0:0:0:0:0:254]/v1',
  'http://[fd00:ec2::23]/v1',
  'http://[fd20:ce::254]/v1',
  'http://169.254.170.2/v1',
  'http://[::ffff:169.254.170.2]/v1',
  'http://169.254.170.23/v1',
  'http://169.254.0.23/v1',
  'http://100.100.100.200/v1',
  'http://0x64646464/v1'.replace('64646464', '646464c8'),
  'http://[::ffff:100.100.100.200]/v1',
  'http://192.0.0.192/v1',
  'http://168.63.129.16/v1',
  'http://metadata.google.internal/v1',
  'http://METADATA.google.INTERNAL/v1',
  'http://metadata.google.internal./v1',
  'http://metadata.goog/v1',
  'http://metadata.azure.internal/v1',
  'http://instance-data.ec2.internal/v1',
  'metadata.google.internal',
]

/** Other things that are no upstream's address. */
const NO_URL = [
  'ftp://169.254.169.254/v1',
  'file:///etc/passwd',
  'gopher://h:70/_x',
  'javascript:alert(1)',
  'http://u:p@h/v1',
  'http://169.254.169.254@h/v1',
  'http://h/v1?x=1',
  'http://h/v1#@169.254.169.254/',
  'http:///169.254.169.254/v1',
  'http://h\\@169.254.169.254/v1',
  'http://h /v1',
  'http://h\t/v1',
  'http://h\r\nhost: evil/v1',
  'http://[fe80::1%25eth0]:99999/v1',
  '',
]

test(`there are enough of them`, () => {
  expect(new Set(SPELLINGS).size).toBeGreaterThanOrEqual(60)
})

test.for(SPELLINGS)('refused: %s', (spelling) => {
  expect(() => cleanBaseUrl(spelling)).toThrow(GatewayError)
})

test.for(NO_URL)('no upstream: %j', (spelling) => {
  expect(() => cleanBaseUrl(spelling)).toThrow(GatewayError)
})

test('what is no metadata address passes, private or not', () => {
  for (const url of [
    'http://10.0.0.1/v1',
    'http://169.254.1.1/v1',
    'http://[fe80::1]/v1',
    'http://127.1/v1',
    'https://api.example.com/v1',
  ])
    expect(() => cleanBaseUrl(url)).not.toThrow()
  for (const host of ['::1', '::', '2001:4860:4860::8888', '64:ff9b::8.8.8.8', 'metadata.example.com'])
    expect([host, isMetadata(host)]).toEqual([host, false])
})

test('addresses at which no server can be', () => {
  for (const host of [
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '239.1.2.3',
    '255.255.255.255',
    '240.0.0.1',
    'ff02::1',
    '::ffff:224.0.0.1',
  ])
    expect([host, isNowhere(host)]).toEqual([host, true])
  for (const host of ['127.0.0.1', '::1', '10.0.0.1', 'example.com', '223.255.255.255'])
    expect([host, isNowhere(host)]).toEqual([host, false])
})

describe('at the connector', () => {
  /** A resolver that gives its answers one after the other. */
  const resolver = (...answers: (string | string[])[]): LookupFunction => {
    let turn = 0
    return (_host, options, callback) => {
      const answer = [answers[Math.min(turn++, answers.length - 1)] ?? []].flat()
      const rows: LookupAddress[] = answer.map((address) => ({
        address,
        family: address.includes(':') ? 6 : 4,
      }))
      if (options.all === true) callback(null, rows)
      else callback(null, rows[0]?.address ?? '', rows[0]?.family)
    }
  }
  const asked = (lookup: LookupFunction, host: string, all: boolean): Promise<string> =>
    new Promise((resolve) => {
      lookup(host, { all }, (error, found) =>
        resolve(
          error
            ? `refused: ${error.message}`
            : typeof found === 'string'
              ? found
              : found.map((row) => row.address).join(),
        ),
      )
    })

  test.for([true, false])('a name that leads there is refused (all: %s)', async (all) => {
    for (const address of [
      '169.254.169.254',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      'fd00:ec2::254',
      '100.100.100.200',
    ])
      expect(await asked(guardedLookup(resolver(address)), 'innocent.example', all)).toMatch(
        /^refused: .*metadata/,
      )
    expect(await asked(guardedLookup(resolver('10.0.0.1')), 'innocent.example', all)).toBe('10.0.0.1')
    expect(await asked(guardedLookup(resolver('10.0.0.1')), 'metadata.google.internal', all)).toMatch(
      /^refused/,
    )
  })

  test('one bad address among good ones refuses them all', async () => {
    const lookup = guardedLookup(resolver(['10.0.0.1', '169.254.169.254']))
    expect(await asked(lookup, 'mixed.example', true)).toMatch(/^refused/)
  })

  test('an answer that changes between two look-ups is looked at each time', async () => {
    const lookup = guardedLookup(resolver('10.0.0.1', '169.254.169.254', '10.0.0.1'))
    const said = []
    for (let turn = 0; turn < 3; turn++) said.push((await asked(lookup, 'rebind.example', true)).slice(0, 8))
    expect(said).toEqual(['10.0.0.1', 'refused:', '10.0.0.1'])
  })

  test('an address written out is looked at, too', () => {
    expect(() => guardLiteral('http://169.254.169.254')).toThrow(/metadata/)
    expect(() => guardLiteral('http://[::ffff:a9fe:a9fe]')).toThrow(/metadata/)
    expect(() => guardLiteral('http://127.0.0.1:1')).not.toThrow()
  })

  test('a redirect is an answer, and nobody goes there', async () => {
    const { pools } = await import('./pools.ts')
    const { makeEndpoint } = await import('../config/endpoint.ts')
    const seen: string[] = []
    const server = http.createServer((request, response) => {
      seen.push(request.url ?? '')
      response.writeHead(302, {
        location: `http://127.0.0.1:${(server.address() as AddressInfo).port}/elsewhere`,
      })
      response.end()
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const made = pools()
    onTestFinished(async () => {
      await made.destroy()
      server.closeAllConnections()
      server.close()
    })
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    const endpoint = makeEndpoint({
      id: 'e',
      provider: 'openai-compatible',
      baseUrl,
      models: [],
      source: 'config',
    })
    const status = await new Promise<number>((resolve, reject) => {
      made.get(endpoint).dispatch(
        { method: 'GET', path: '/v1/models' },
        {
          onRequestStart() {},
          onResponseStart(_controller, code) {
            resolve(code)
          },
          onResponseData() {},
          onResponseEnd() {},
          onResponseError(_controller, error) {
            reject(error)
          },
        },
      )
    })
    expect([status, seen]).toEqual([302, ['/v1/models']])
  })
})
