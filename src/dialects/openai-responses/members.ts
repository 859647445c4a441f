// Reading members of this wire: what was not read is kept, so that the same wire gets it back.

import type { JsonObject } from '../../core/json.ts'
import { extrasOf, originFrom, shapeOf } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'

export { bool, number, object, rest, string } from '../openai-family/members.ts'

export const originOf = (extras: JsonObject, shape: JsonObject): Origin | undefined =>
  originFrom('openai-responses', extras, shape)

export const ownExtras = (origin: Origin | undefined): JsonObject | undefined =>
  extrasOf('openai-responses', origin)

export const ownShape = (origin: Origin | undefined): JsonObject => shapeOf('openai-responses', origin)
