// Builds the web console into dist/console where it is absent or older than its sources. `npm start` runs this first, so
// that a fresh clone serves the console; a published package carries it built. Without Vite (production install) the
// gateway serves without its console, and says so there.

import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const BUILT = join(ROOT, 'dist/console/index.html')
/** Files and folders that the bundle is made of; the API's types are erased in it. */
const SOURCES = [
  'console/src',
  'console/public',
  'console/index.html',
  'console/vite.config.ts',
  'package-lock.json',
]

function newest(path: string): number {
  const found = statSync(path)
  if (!found.isDirectory()) return found.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}

const stale =
  !existsSync(BUILT) || Math.max(...SOURCES.map((path) => newest(join(ROOT, path)))) > statSync(BUILT).mtimeMs

if (stale || process.argv.includes('--force')) {
  try {
    const { build } = await import('vite')
    console.log('building the console ...')
    await build({
      root: join(ROOT, 'console'),
      configFile: join(ROOT, 'console/vite.config.ts'),
      logLevel: 'warn',
    })
  } catch (thrown) {
    console.error(`the console was not built: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    if (process.argv.includes('--force')) process.exitCode = 1
  }
}
