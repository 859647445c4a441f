// Joins the command line, with what it imports, into a few files under dist/program: reading 800 modules one by one takes
// longer than running them. What a command or a configuration may not need stays a file of its own, read when it is
// asked for. The library (dist/index.js and its like) is not bundled.

import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type OutputChunk, rolldown } from 'rolldown'

const ROOT = join(import.meta.dirname, '..')
/** Two levels below the package, as the sources are: paths relative to a module stay true. */
const PROGRAM = join(ROOT, 'dist/program')

rmSync(PROGRAM, { recursive: true, force: true })
const bundle = await rolldown({
  input: {
    main: join(ROOT, 'src/cli/main.ts'),
    // Started by its address, in a thread of its own.
    worker: join(ROOT, 'src/stores/sqlite/worker.ts'),
  },
  platform: 'node',
  // A compiled addon cannot be joined.
  external: [/^node:/, 'better-sqlite3'],
  logLevel: 'warn',
})
const { output } = await bundle.write({
  dir: PROGRAM,
  format: 'esm',
  chunkFileNames: '[name]-[hash].js',
  comments: { legal: true },
})
await bundle.close()

/** Folders of the packages whose code is inside. */
const inside = new Set(
  output
    .filter((file): file is OutputChunk => file.type === 'chunk')
    .flatMap((chunk) => Object.keys(chunk.modules))
    .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
)
const notices = [...inside].toSorted().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license?: string
  }
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text =
    file === undefined ? `Licence: ${license ?? 'not stated'}` : readFileSync(join(folder, file), 'utf8')
  return `## ${name} ${version}\n\n${text.trim()}\n`
})
writeFileSync(
  join(PROGRAM, 'LICENSES.md'),
  `# Licences of the packages joined into this program\n\n${notices.join('\n')}`,
)
if (!existsSync(join(PROGRAM, 'main.js'))) throw new Error('the program was not built')
