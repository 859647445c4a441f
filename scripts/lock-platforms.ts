// Completes package-lock.json with the optional packages of platforms that the registry at hand does not carry.
//
// A registry that holds only this platform's binaries makes npm leave the others out of the lock file, and `npm ci`
// then refuses the whole lock as out of step. The names and versions are in the parents' `optionalDependencies`; the
// platform is in the name. Entries made here carry no integrity hash: npm on such a platform fills it in.
// Run it after `npm install`:  node scripts/lock-platforms.ts
import { readFileSync, writeFileSync } from 'node:fs'

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

const systems = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
]
const processors = [
  'arm64',
  'x64',
  'arm',
  'ia32',
  'loong64',
  'ppc64',
  'riscv64',
  's390x',
  'mips64el',
  'wasm32',
]

/** The platform a binary package's name tells: `@biomejs/cli-linux-x64-musl` is linux, x64, musl. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[-/]/)
  const os = systems.find((system) => words.includes(system))
  const cpu = words.includes('wasm32') ? 'wasm32' : processors.find((processor) => words.includes(processor))
  if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) return undefined
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return {
    ...(os !== undefined && { os: [os] }),
    cpu: [cpu],
    ...(libc !== undefined && os === 'linux' && { libc: [libc] }),
  }
}

const path = 'package-lock.json'
const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> }
const added: string[] = []
const unknown: string[] = []
for (const [, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] !== undefined) continue
    const platform = platformOf(name)
    if (platform === undefined) {
      unknown.push(name)
      continue
    }
    const exact = version.replace(/^[\^~=v]+/, '')
    lock.packages[key] = {
      version: exact,
      ...(parent.dev === true && { dev: true }),
      optional: true,
      ...platform,
    }
    added.push(`${name}@${exact}`)
  }
}
if (added.length > 0) {
  const sorted = Object.fromEntries(
    Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  )
  writeFileSync(path, `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
}
console.log(
  `${added.length} entries added${unknown.length > 0 ? `; no platform in the name, left out: ${unknown.join(', ')}` : ''}`,
)
