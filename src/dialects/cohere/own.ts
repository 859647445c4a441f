// What belongs to this wire on a node: unread members and spelling.

import type { JsonObject } from '../../core/json.ts'
import { extrasOf, originFrom, shapeOf } from '../../core/members.ts'
import type { Origin } from '../../core/origin.ts'
import type { Part } from '../../core/part.ts'

export const ID = 'cohere'

export const originOf = (extras: JsonObject, shape: JsonObject = {}): Origin | undefined =>
  originFrom(ID, extras, shape)

export const ownExtras = (origin: Origin | undefined): JsonObject | undefined => extrasOf(ID, origin)

export const ownShape = (origin: Origin | undefined): JsonObject => shapeOf(ID, origin)

/** What the model means to do with its tools: reasoning that stands in a member of its own, `tool_plan`. */
export const PLAN: Origin = { dialect: ID, shape: { plan: true } }

export const isPlan = (part: Part): boolean =>
  part.kind === 'reasoning' && ownShape(part.origin).plan === true
