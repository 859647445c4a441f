// The generated reference is never stale, and the first commands of the README exist.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PAGES } from '../scripts/gen-reference.ts'

const ROOT = join(import.meta.dirname, '..')

test.each(Object.entries(PAGES))('%s is what the code says', (path, page) => {
  expect(readFileSync(join(ROOT, path), 'utf8')).toBe(page())
})

test('every npm script the README names exists', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] as string)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})
