// A secret variable X, or the file that X_FILE names; the file wins. Empty is unset.

export interface SecretDeps {
  env: Readonly<Record<string, string | undefined>>
  readFile(path: string): string
}

/** @throws Error when a named file cannot be read. */
export function secretVariable(name: string, { env, readFile }: SecretDeps): string | undefined {
  const file = env[`${name}_FILE`]
  if (file !== undefined && file !== '') {
    try {
      return readFile(file).trim()
    } catch {
      throw new Error(`${name}_FILE names "${file}", which cannot be read`)
    }
  }
  const value = env[name]
  return value === undefined || value === '' ? undefined : value
}
