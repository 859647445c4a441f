// What belongs to this wire on a node: unread members and spelling.

import type { JsonObject } from '../../core/json.ts'
import { extrasOf, originFrom, shapeOf } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'

export const ID = 'bedrock-converse'

export const originOf = (extras: JsonObject, shape: JsonObject = {}): Origin | undefined =>
  originFrom(ID, extras, shape)

export const ownExtras = (origin: Origin | undefined): JsonObject | undefined => extrasOf(ID, origin)

export const ownShape = (origin: Origin | undefined): JsonObject => shapeOf(ID, origin)
