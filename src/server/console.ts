// The web console's files at /ui, from dist/console. Read once and kept; any path that is no file is the page itself, which
// finds its way by its own address. A strict content security policy: nothing from elsewhere, nothing inline.

import { readFileSync, readdirSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context, Handler } from './context.ts'

/** Beside `src/` in a checkout and inside the package's `dist/` alike. */
const FOLDER = fileURLToPath(new URL('../../dist/console', import.meta.url))

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const

interface Asset {
  bytes: Buffer
  type: string
}

let loaded: ReadonlyMap<string, Asset> | undefined

/** Files by their path below /ui/. Empty where the console was not built; looked for again then. */
function assets(): ReadonlyMap<string, Asset> {
  if (loaded) return loaded
  let names: string[]
  try {
    names = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)))
  } catch {
    return new Map()
  }
  const found = new Map(
    names.map((name) => [
      name.split(sep).join('/'),
      { bytes: readFileSync(join(FOLDER, name)), type: TYPES[extname(name)] ?? 'application/octet-stream' },
    ]),
  )
  if (found.has('index.html')) loaded = found
  return found
}

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Trunkline</title>
<h1>The console is not built</h1>
<p>The gateway serves; its web console was not built with it. Run <code>npm run build:console</code> and load this page again.</p>`

export const consolePage: Handler = (context) => {
  const path = context.url.pathname
  if (path === '/ui') return send(context, 308, Buffer.alloc(0), { location: '/ui/' })
  const files = assets()
  const name = path.slice('/ui/'.length)
  const file = files.get(name)
  if (file && name !== 'index.html')
    return send(context, 200, file.bytes, {
      'content-type': file.type,
      // Their names carry a hash of their content.
      'cache-control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    })
  if (name.startsWith('assets/'))
    return send(context, 404, Buffer.from('no such file'), { 'content-type': 'text/plain' })
  const page = files.get('index.html')
  return send(context, page ? 200 : 503, page?.bytes ?? Buffer.from(NOT_BUILT), {
    'content-type': TYPES['.html'] as string,
    'cache-control': 'no-cache',
  })
}

function send(context: Context, status: number, bytes: Buffer, headers: Record<string, string>): void {
  context.response.writeHead(status, {
    ...HEADERS,
    'content-length': String(bytes.length),
    'x-request-id': context.id,
    ...headers,
  })
  context.response.end(context.request.method === 'HEAD' ? undefined : bytes)
}
