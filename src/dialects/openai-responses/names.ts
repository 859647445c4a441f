// Tools in namespaces (`multi_agent_v1.spawn_agent`) have one flat name everywhere else; the tools of the request say how
// each flat name is spelt here, so nothing has to be remembered between calls.

import { type Alphabet, aliasOf } from '../../core/alias.ts'
import type { GenerationRequest } from '../../core/request.ts'
import { ownShape } from './members.ts'

const NAMES: Alphabet = { legal: /^[a-zA-Z0-9_-]{1,64}$/, refused: /[^a-zA-Z0-9_-]/g, most: 64 }

export const wireName = (name: string): string => aliasOf(name, NAMES)

export function flatName(namespace: unknown, name: string): string {
  return typeof namespace === 'string' ? `${namespace}__${name}` : name
}

export interface Spelling {
  name: string
  namespace?: string
}

/** How the names of an answer's calls are spelt for the caller. */
export function spellings(request: GenerationRequest | undefined): ReadonlyMap<string, Spelling> {
  const found = new Map<string, Spelling>()
  for (const tool of request?.tools ?? []) {
    if (tool.type === 'native') continue
    const { name, namespace } = ownShape(tool.origin)
    if (typeof name === 'string' && typeof namespace === 'string') found.set(tool.name, { name, namespace })
  }
  return found
}
