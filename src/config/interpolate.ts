// ${VAR}, ${VAR-default}, ${VAR:-default}, ${file:path} and os.environ/VAR, on parsed scalar values: a secret with
// quotes, colons or line feeds in it can never change the shape of the file. `$${` is a literal `${`.

import type { SecretDeps } from './secret-env.ts'

/** @throws Error naming the variable or file that is missing. */
export function interpolate(text: string, deps: SecretDeps): string {
  const whole = /^os\.environ\/([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)?.[1]
  if (whole !== undefined) {
    const value = deps.env[whole]
    if (value === undefined) throw new Error(`the environment variable ${whole} is not set`)
    return value
  }
  let out = ''
  let from = 0
  for (;;) {
    const start = text.indexOf('${', from)
    if (start < 0) return out + text.slice(from)
    if (text[start - 1] === '$' && start > from) {
      out += `${text.slice(from, start - 1)}\${`
      from = start + 2
      continue
    }
    const end = closing(text, start + 2)
    if (end < 0) throw new Error(`"${text.slice(start)}" has no closing brace`)
    out += text.slice(from, start) + valueOf(text.slice(start + 2, end), deps)
    from = end + 1
  }
}

/** Position of the brace that ends a reference; a default may hold references itself. */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) depth++
    else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

function valueOf(inner: string, deps: SecretDeps): string {
  if (inner.startsWith('file:')) {
    const path = inner.slice('file:'.length)
    try {
      return deps.readFile(path).trim()
    } catch {
      throw new Error(`the secret file "${path}" cannot be read`)
    }
  }
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(:?-)?/.exec(inner)
  const [head = '', name = '', operator] = parts ?? []
  if (name === '' || (operator === undefined && head !== inner))
    throw new Error(`"\${${inner}}" is not a variable reference`)
  const value = deps.env[name]
  if (value !== undefined && !(operator === ':-' && value === '')) return value
  // The default is looked at only when it is needed: an unset variable inside an unused default is no error.
  if (operator !== undefined) return interpolate(inner.slice(head.length), deps)
  throw new Error(`the environment variable ${name} is not set; use \${${name}:-default} to allow that`)
}
