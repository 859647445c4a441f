// ${VAR}, ${VAR-default}, ${VAR:-default}, ${file:path} and os.environ/VAR, on parsed scalar values: a secret with
// quotes, colons or line feeds in it can never change the shape of the file.

export interface InterpolateDeps {
  env: Readonly<Record<string, string | undefined>>
  readFile(path: string): string
}

/** @throws Error naming the variable or file that is missing. */
export function interpolate(text: string, deps: InterpolateDeps): string {
  const whole = /^os\.environ\/([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)
  if (whole) return variable(whole[1] as string, deps)
  return text.replace(/\$\{([^}]*)\}/g, (_match, inner: string) => {
    if (inner.startsWith('file:')) {
      const path = inner.slice(5)
      try {
        return deps.readFile(path).trim()
      } catch {
        throw new Error(`the secret file "${path}" cannot be read`)
      }
    }
    const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)(.*))?$/s.exec(inner)
    if (!parts) throw new Error(`"\${${inner}}" is not a variable reference`)
    const [, name, operator, fallback = ''] = parts as unknown as [string, string, string | undefined, string]
    const value = deps.env[name]
    if (operator === ':-') return value === undefined || value === '' ? fallback : value
    if (operator === '-') return value ?? fallback
    return variable(name, deps)
  })
}

function variable(name: string, deps: InterpolateDeps): string {
  const value = deps.env[name]
  if (value === undefined) throw new Error(`the environment variable ${name} is not set; use \${${name}:-default} to allow that`)
  return value
}
