// Plain operations of hosts that do not copy OpenAI's shapes: what one call becomes for them, and how their answers
// become the public shape again. Pure functions; the gateway sends the requests in order and keeps the order.

import type { Json, JsonObject } from '../core/json.ts'

export interface ShapeTarget {
  /** The upstream's own model name. */
  model: string
  /** Of an AWS endpoint. */
  region?: string
}

export interface ShapedAnswer {
  body: Json
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
}

export interface PlainShape {
  /** Path below the base URL, where it hangs on the model; the record's own otherwise. */
  path?(target: ShapeTarget): string
  /** @throws GatewayError `invalid_request` for what the host cannot be asked. Never empty. */
  requests(body: JsonObject, target: ShapeTarget): JsonObject[]
  /** @throws GatewayError `bad_upstream_response` when an answer is not one. */
  answer(answers: readonly ShapedAnswer[], body: JsonObject, target: ShapeTarget): JsonObject
}
