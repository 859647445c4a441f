// Google reads both spellings of its members, `thoughtSignature` and `thought_signature`, mixed as one likes. The codec
// reads one; which members came in the other is remembered, so that they go back as they came.

import type { JsonObject } from '../../core/json.ts'

/**
 * The node with the members of `known` in camelCase. `snake` collects, under `at`, those that were spelt otherwise.
 * Members nobody knows stay as they are: they may be keys of the caller's own.
 */
export function camelled(wire: JsonObject, known: ReadonlySet<string>, snake: string[], at = ''): JsonObject {
  let out: JsonObject | undefined
  for (const key in wire) {
    if (!key.includes('_')) continue
    const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    if (!known.has(camel) || wire[camel] !== undefined) continue
    out ??= { ...wire }
    out[camel] = wire[key]
    delete out[key]
    snake.push(at + camel)
  }
  return out ?? wire
}

/** The other way, in place: the members under `at` that came in snake_case. */
export function respelt(node: JsonObject, snake: readonly string[], at = ''): JsonObject {
  for (const path of snake) {
    const name = path.slice(at.length)
    if (!path.startsWith(at) || name.includes('.') || node[name] === undefined) continue
    node[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = node[name]
    delete node[name]
  }
  return node
}

/** What a node's shape remembers of its spelling. */
export function snakeOf(shape: JsonObject | undefined): readonly string[] {
  return Array.isArray(shape?.snake) ? (shape.snake as string[]) : []
}
