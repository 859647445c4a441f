// The generated reference is never stale, and the first commands of the README exist.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { MEANINGS, lookupsOf } from '../scripts/config-meanings.ts'
import { PAGES } from '../scripts/gen-reference.ts'
import { HEADERS } from '../scripts/reference-client.ts'
import { keys, meaningOf } from '../scripts/reference-config.ts'

const ROOT = join(import.meta.dirname, '..')

test.each(Object.entries(PAGES))(
  '%s is what the code says (else: node scripts/gen-reference.ts)',
  async (path, page) => {
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(await page())
  },
)

test('every npm script the README names exists', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] as string)
  expect(named.filter((name) => !(name in scripts))).toEqual([])
})

test('every key of a configuration file has a meaning, and every meaning a key (scripts/config-meanings.ts)', () => {
  const paths = keys().map(({ path }) => path)
  expect(paths.filter((path) => meaningOf(path) === undefined)).toEqual([])
  const used = new Set(paths.map((path) => lookupsOf(path).find((key) => key in MEANINGS)))
  expect(Object.keys(MEANINGS).filter((key) => !used.has(key))).toEqual([])
})

/** Headers between gateways and their neighbours, that no caller looks at. */
const INNER = new Set(['x-trunkline-instance', 'x-trunkline-probe', 'x-trunkline-session'])

test('every header of ours is in the reference (scripts/reference-client.ts)', () => {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return files(path)
      return path.endsWith('.ts') && !path.endsWith('.test.ts') ? [path] : []
    })
  const named = files(join(ROOT, 'src')).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/'(x-trunkline-[a-z-]+)'/g)].map((match) => match[1] as string),
  )
  expect([...new Set(named)].filter((name) => !(name in HEADERS) && !INNER.has(name))).toEqual([])
})

test('every link and every file that the docs name is there', () => {
  const pages = ['docs', 'docs/guides', 'docs/reference', 'docs/decisions', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  )
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].flatMap((match) => {
      const target = join(ROOT, dirname(page), match[1] as string)
      return existsSync(target) ? [] : [`${page}: ${match[1]}`]
    }),
  )
  expect(broken).toEqual([])
})
