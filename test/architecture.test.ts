// Keeps the walls of the house: reads every import and fails with the rule's sentence.

import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** Folders each folder may import besides itself; `node` and `packages` are what lies outside. */
const RULES: Record<string, { may: string[]; node: boolean | string[]; packages: string[] }> = {
  core: { may: [], node: false, packages: [] },
  wire: { may: ['core'], node: ['node:zlib'], packages: [] },
  dialects: { may: ['core', 'wire'], node: [], packages: [] },
  catalog: { may: ['core'], node: [], packages: [] },
  providers: { may: ['core', 'dialects'], node: [], packages: ['jose'] },
  routing: { may: ['core'], node: [], packages: [] },
  governance: { may: ['core'], node: [], packages: [] },
  telemetry: { may: ['core'], node: [], packages: ['pino'] },
  upstream: {
    may: ['core', 'wire', 'catalog', 'providers'],
    node: true,
    packages: ['undici', '@smithy/signature-v4', 'ws'],
  },
  config: { may: ['core', 'catalog', 'providers', 'routing'], node: true, packages: ['yaml', 'zod'] },
  gateway: {
    may: [
      'core',
      'wire',
      'dialects',
      'catalog',
      'providers',
      'upstream',
      'routing',
      'governance',
      'telemetry',
      'config',
      'stores',
    ],
    node: ['node:crypto'],
    packages: ['pino', 'lru-cache'],
  },
  stores: {
    may: ['core'],
    node: true,
    packages: ['better-sqlite3', 'kysely', 'kysely/migration', 'lru-cache'],
  },
  server: {
    may: ['core', 'dialects', 'catalog', 'providers', 'upstream', 'config', 'telemetry', 'gateway', 'stores'],
    node: true,
    packages: ['pino', 'zod', 'ws'],
  },
  client: {
    may: ['core', 'wire', 'dialects', 'catalog', 'providers', 'upstream', 'config', 'governance'],
    node: ['node:fs', 'node:path'],
    packages: ['yaml'],
  },
  engine: {
    may: ['core', 'config', 'gateway', 'server'],
    node: ['node:http', 'node:stream'],
    packages: ['pino'],
  },
  testing: { may: ['core', 'wire'], node: true, packages: [] },
  cli: {
    may: ['core', 'config', 'gateway', 'server', 'stores', 'providers', 'upstream', 'client', 'testing'],
    node: true,
    packages: ['commander', 'pino', 'picocolors', '@clack/prompts', 'yaml'],
  },
}

interface Import {
  from: string
  folder: string
  specifier: string
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return files(path)
    return path.endsWith('.ts') && !path.endsWith('.test.ts') ? [path] : []
  })
}

function imports(): Import[] {
  return files(SRC).flatMap((path) => {
    const name = relative(SRC, path)
    const folder = name.includes('/') ? name.slice(0, name.indexOf('/')) : ''
    const source = readFileSync(path, 'utf8')
    return [
      ...source.matchAll(/(?:^|\n)\s*(?:import|export)\b[^'"]*?\bfrom\s+'([^']+)'|import\('([^']+)'\)/g),
    ].map((match) => ({ from: name, folder, specifier: (match[1] ?? match[2]) as string }))
  })
}

/** The folder under src that a relative specifier leads to. */
function target({ from, specifier }: Import): string {
  const parts = join(from, '..', specifier).split('/')
  return parts.length > 1 ? (parts[0] as string) : ''
}

const all = imports()

test('every folder has a rule', () => {
  const folders = new Set(all.map((row) => row.folder).filter((folder) => folder !== ''))
  expect([...folders].filter((folder) => !(folder in RULES))).toEqual([])
})

test('every import keeps to its folder’s rule', () => {
  const broken = all.flatMap((row) => {
    const rule = RULES[row.folder]
    if (!rule) return []
    const say = (what: string): string[] => [
      `${row.from}: ${row.folder} must not import ${what} (${row.specifier})`,
    ]
    if (row.specifier.startsWith('.')) {
      const to = target(row)
      return to === row.folder || rule.may.includes(to) ? [] : say(`from ${to}`)
    }
    if (row.specifier.startsWith('node:'))
      return rule.node === true || (Array.isArray(rule.node) && rule.node.includes(row.specifier))
        ? []
        : say('node modules')
    return rule.packages.includes(row.specifier) ? [] : say('packages')
  })
  expect(broken).toEqual([])
})

test('one dialect never imports another', () => {
  const broken = all.filter((row) => {
    if (row.folder !== 'dialects' || !row.specifier.startsWith('.')) return false
    const to = join(row.from, '..', row.specifier).split('/')
    // What OpenAI's wires have in common is no dialect of its own.
    if (to[1] === 'openai-family' && row.from.startsWith('dialects/openai-')) return false
    return row.from !== 'dialects/index.ts' && to[0] === 'dialects' && to[1] !== row.from.split('/')[1]
  })
  expect(broken.map((row) => `${row.from} imports ${row.specifier}`)).toEqual([])
})

test('the environment is read in config and cli only', () => {
  const broken = files(SRC).filter((path) => {
    const name = relative(SRC, path)
    return !/^(config|cli|testing)\//.test(name) && readFileSync(path, 'utf8').includes('process.env')
  })
  expect(broken.map((path) => relative(SRC, path))).toEqual([])
})
