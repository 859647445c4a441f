import { expect, test } from 'vitest'
import { goesThroughProxy } from './proxy-rule.ts'

test.for([
  ['api.example.com', '', true],
  ['api.example.com', 'example.com', false],
  ['api.example.com', '.example.com', false],
  ['api.example.com', '*.example.com', false],
  ['api.example.com', 'ample.com', true],
  ['example.com', 'other.org, EXAMPLE.com:443', false],
  ['api.example.com', '*', false],
  ['10.0.0.1', '', false],
  ['localhost', '', false],
  ['nas.local', '', false],
  ['[::1]', '', false],
] as const)('%s with NO_PROXY "%s": %s', ([host, none, expected]) => {
  expect(goesThroughProxy(host, none)).toBe(expected)
})
