// `config import`: a foreign configuration as trunkline.yaml, with a verdict for every line of it.

import { parseEnv } from 'node:util'
import { Document } from 'yaml'
import { importBifrost } from './bifrost.ts'
import { importEnv } from './env.ts'
import { type ImportKind, type Imported, isRecord } from './imported.ts'
import { importLitellm } from './litellm.ts'
import { importLlmproxy } from './llmproxy.ts'
import { importPortkey } from './portkey.ts'
import { type SourceTree, sourceTree } from './source-tree.ts'

export type { ImportKind, Imported } from './imported.ts'
export { importEnv } from './env.ts'
export type { Judgement } from './source-tree.ts'

export const IMPORT_KINDS: readonly ImportKind[] = ['litellm', 'portkey', 'bifrost', 'llmproxy', 'env']

/**
 * @param kind absent: told by what the file holds.
 * @throws Error when the text cannot be read, or is none of the kinds.
 */
export function importConfig(text: string, kind?: ImportKind): Imported {
  if (kind === 'env') return importEnv(parseEnv(text))
  let tree: SourceTree
  try {
    tree = sourceTree(text)
  } catch (thrown) {
    if (kind === undefined && looksLikeEnv(text)) return importEnv(parseEnv(text))
    throw thrown
  }
  const found = kind ?? kindOf(tree.value) ?? (looksLikeEnv(text) ? 'env' : undefined)
  switch (found) {
    case 'litellm':
      return importLitellm(tree)
    case 'portkey':
      return importPortkey(tree)
    case 'bifrost':
      return importBifrost(tree)
    case 'llmproxy':
      return importLlmproxy(tree)
    case 'env':
      return importEnv(parseEnv(text))
    case undefined:
      throw new Error(
        `this is none of the files that can be imported; name its kind: ${IMPORT_KINDS.join(', ')}`,
      )
    default:
      return found satisfies never
  }
}

function kindOf(value: unknown): ImportKind | undefined {
  if (!isRecord(value)) return undefined
  if (Array.isArray(value.model_list)) return 'litellm'
  if (Array.isArray(value.targets) || isRecord(value.strategy) || typeof value.virtual_key === 'string')
    return 'portkey'
  if (
    isRecord(value.providers) &&
    Object.values(value.providers).some((row) => isRecord(row) && Array.isArray(row.keys))
  )
    return 'bifrost'
  if (isRecord(value.endpoints)) return 'llmproxy'
  return typeof value.provider === 'string' ? 'portkey' : undefined
}

function looksLikeEnv(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return lines.length > 0 && lines.every((line) => /^(export\s+)?[A-Za-z_]\w*=/.test(line))
}

/** trunkline.yaml, with what is left to do on top of it. */
export function importedYaml(imported: Imported): string {
  const { server, endpoints, routes, aliases, discovery } = imported.file
  const document = new Document({
    ...(server === undefined ? {} : { server }),
    endpoints,
    ...(Object.keys(routes).length === 0 ? {} : { routes }),
    ...(Object.keys(aliases).length === 0 ? {} : { aliases }),
    ...(discovery === undefined ? {} : { discovery }),
  })
  const todo = imported.secrets.map(({ variable, foundAt }) => ` set ${variable} (was at ${foundAt})`)
  document.commentBefore = [` imported from ${imported.kind}`, ...todo].join('\n')
  return document.toString({ lineWidth: 110 })
}
