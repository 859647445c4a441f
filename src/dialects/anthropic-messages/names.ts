// Names and ids that this wire's alphabet refuses travel under a replacement that is a pure function of the original:
// the same conversation becomes the same bytes in every process, so prompt caches and prefix-bound thinking survive.

import type { GenerationRequest } from '../../core/request.ts'

/** Tool names: `^[a-zA-Z0-9_-]{1,64}$`. */
const LEGAL_NAME = /^[a-zA-Z0-9_-]{1,64}$/
/** Ids of tool_use blocks: no length limit is documented. */
const LEGAL_ID = /^[a-zA-Z0-9_-]+$/

/** 64 bits over UTF-16 code units (two FNV-1a lanes, mixed at the end); no secrecy claimed. */
function hash(text: string): string {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 15
  }
  a = Math.imul(a ^ (b >>> 13), 0x85ebca6b)
  b = Math.imul(b ^ (a >>> 16), 0xc2b2ae35)
  a ^= b >>> 15
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0')
}

/** A legal name is itself; any other keeps a readable head and is told apart by the hash of the whole. */
export function wireName(name: string): string {
  if (LEGAL_NAME.test(name)) return name
  return `${name.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, 47)}_${hash(name)}`
}

/** Replacing characters one by one would make `a.b` and `a:b` the same id, so the hash stands for all of it. */
export function wireId(id: string): string {
  return LEGAL_ID.test(id) ? id : `t_${hash(id)}`
}

/**
 * Alias to original, for every tool of the request whose name is not legal here. Whoever sent the encoded request maps
 * the names of the answer's tool calls back with it. Empty for a request that came as Anthropic Messages: its names are
 * never touched.
 */
export function toolAliases(request: GenerationRequest): Map<string, string> {
  const aliases = new Map<string, string>()
  if (request.dialect === 'anthropic-messages') return aliases
  for (const tool of request.tools ?? []) {
    if (tool.type === 'native') continue
    const alias = wireName(tool.name)
    if (alias !== tool.name) aliases.set(alias, tool.name)
  }
  return aliases
}
