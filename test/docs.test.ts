// The generated reference is never stale, and the first commands of the README exist.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { MEANINGS, lookupsOf } from '../scripts/config-meanings.ts'
import { parse } from 'yaml'
import { everyCommand } from '../src/cli/reference.ts'
import { program } from '../src/cli/program.ts'
import { loadConfig } from '../src/config/load.ts'
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
const INNER = new Set([
  'x-trunkline-hops',
  'x-trunkline-instance',
  'x-trunkline-probe',
  'x-trunkline-session',
])

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

/** Fenced blocks of one language in every page, with the page's name. */
function fences(language: string): { page: string; text: string }[] {
  return ['docs', 'docs/guides'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        [...readFileSync(join(ROOT, folder, name), 'utf8').matchAll(/```(\w+)\n([\s\S]*?)```/g)]
          .filter((match) => match[1] === language)
          .map((match) => ({ page: `${folder}/${name}`, text: match[2] as string })),
      ),
  )
}

test('every configuration the docs show is read without an error or an unknown key', () => {
  const env = new Proxy({}, { get: (_target, name) => (String(name).endsWith('_KEY') ? 'k' : undefined) })
  expect(fences('yaml').length).toBeGreaterThan(8)
  const faulty = fences('yaml').flatMap(({ page, text }) => {
    try {
      const { problems } = loadConfig({ cwd: '/nonexistent', env, inline: parse(text) as unknown })
      return problems
        .filter(({ message }) => message.includes('unknown'))
        .map(({ message }) => `${page}: ${message}`)
    } catch (thrown) {
      return [`${page}: ${(thrown as Error).message}`]
    }
  })
  expect(faulty).toEqual([])
})

test('every command and option the docs name exists', async () => {
  const known = everyCommand(await program())
  const used = ['docs', 'docs/guides', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        [
          ...readFileSync(join(ROOT, folder, name), 'utf8').matchAll(
            /(?:npx )?\btrunkline ((?:[a-z-]+)(?: [^`\n|#;]*)?)/g,
          ),
        ].map((match) => ({
          page: name,
          words: (match[1] as string).split(/[\s)]+/).filter((word) => word !== ''),
        })),
      ),
  )
  expect(used.length).toBeGreaterThan(20)
  const wrong = used.flatMap(({ page, words }) => {
    const [first = '', second = ''] = words
    const found =
      known.find(({ path }) => path === `${first} ${second}`) ?? known.find(({ path }) => path === first)
    // "trunkline is ..." in a sentence is no command.
    if (!found)
      return ['npm', 'in', 'is', 'as', 'and'].includes(first) ? [] : [`${page}: trunkline ${words.join(' ')}`]
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/[=,.:].*$/, ''))
    return options
      .filter((option) => !found.command.options.some(({ long }) => long === option))
      .map((option) => `${page}: trunkline ${found.path} ${option}`)
  })
  expect(wrong).toEqual([])
})
