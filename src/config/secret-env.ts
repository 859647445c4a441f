// A secret variable X, or the file that X_FILE names; the file wins. Empty is unset.

export interface SecretDeps {
  env: Readonly<Record<string, string | undefined>>
  readFile: (path: string) => string
}

/** @throws Error when a named file cannot be read. */
export function secretVariable(name: string, { env, readFile }: SecretDeps): string | undefined {
  const file = env[`${name}_FILE`]
  if (file !== undefined && file !== '') {
    try {
      return notEmpty(readFile(file).trim())
    } catch (thrown) {
      throw new Error(`${name}_FILE names "${file}", which cannot be read`, { cause: thrown })
    }
  }
  return notEmpty(env[name]?.trim())
}

/** An empty variable or file means "not given", everywhere. */
export function notEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

/** What people write where a key is demanded and ignored; no secret, so nothing to warn of. */
const PLACEHOLDERS =
  /^(|none|null|dummy|empty|no[-_ ]?key|not[-_ ]?(needed|required|used)|x+|sk-(none|dummy|x+|0+|1234))$/i

export function isPlaceholder(key: string): boolean {
  return PLACEHOLDERS.test(key.trim())
}
