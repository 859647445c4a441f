// A credential on its way from a foreign file: claimed, and turned into a reference.

import { isPlaceholder } from '../secret-env.ts'
import { type Imported, reference, variableFor } from './imported.ts'
import type { Path, SourceTree } from './source-tree.ts'

/** @returns what stands as `api_key`; undefined where there is none. */
export function secretOf(
  tree: SourceTree,
  path: Path,
  value: unknown,
  endpointId: string,
  secrets: Imported['secrets'],
): string | undefined {
  if (typeof value !== 'string' || isPlaceholder(value)) {
    tree.claim(path, 'exact', { why: 'no key: none is sent' })
    return undefined
  }
  const to = `endpoints.${endpointId}.api_key`
  const known = reference(value)
  if (known !== undefined) {
    tree.claim(path, 'exact', { to })
    return known
  }
  const variable = variableFor(endpointId)
  if (!secrets.some((row) => row.variable === variable)) secrets.push({ variable, foundAt: path.join('.') })
  tree.claim(path, 'approximate', { to, why: `a key written out is not copied: set ${variable}` })
  return `\${${variable}}`
}
