// One dialect as this suite knows it: how its answers are read without the codecs, what its form can say, how a caller
// speaks it, and how its official SDK reads what we answered. One file per dialect beside this one.

import type { GenerationDialect } from '../../../src/core/dialect.ts'
import type { Json, JsonObject } from '../../../src/core/json.ts'
import type { DialectId } from '../../../src/core/origin.ts'
import type { Facts } from '../facts.ts'

/** What the spec says of a host's answers; the oracle's own words for it, not the provider record's. */
export interface Hints {
  /** Output tokens leave reasoning out: where reasoning is larger, or where the total tells. */
  outputLacks?: 'reasoning if larger' | 'what the total has more'
  /** Text begins with reasoning in tags. */
  tagged?: boolean
  /** Marks like [1] in the text point into `citations` at the root. */
  numbered?: boolean
}

export interface Wire {
  dialect: GenerationDialect
  /** An independent reading of an answer of this dialect; `hints` say how its host deviates. */
  read(streamed: boolean, bytes: Buffer, hints?: Hints): Facts
  /** The status of an error for callers of other dialects, where this one's is its vendor's own. */
  plainStatus?(status: number, bytes: Buffer): number
  /** The facts of an answer of `from`, reduced to what this wire has a form for. */
  holds(facts: Facts, from: DialectId): Facts
  /** How a caller speaks it; absent where no caller does (Bedrock, Cohere). */
  face?: Face
  /** A request that no other dialect can say: it is refused there, and only relayed. */
  relayedOnly?(body: JsonObject): boolean
  /** How its requests are compared; absent: only decode and encode in the same dialect is checked. */
  asks?: Asks
}

export interface Face {
  /** @param model the public name, `provider/m`. */
  path(model: string, streamed: boolean): string
  /** The recorded request (undefined: a plain one) with the model and the wish for a stream put in. */
  body(own: JsonObject | undefined, model: string, streamed: boolean): JsonObject
  /** What the dialect's official SDK makes of the bytes, read by `read` again; throws where it cannot parse them. */
  judge(streamed: boolean, bytes: Buffer): Promise<Facts>
  /** Facts that the SDK's own accumulator keeps, of a streamed answer or a whole one. */
  seen(facts: Facts, streamed: boolean): Facts
}

export interface Asks {
  /** Members that the atoms stand for, and the model. */
  conversation: readonly string[]
  /** Members that say the same thing under several names. */
  twins: Readonly<Record<string, readonly string[]>>
  /** Two values of a member that ask for the same thing though they differ. */
  same(name: string, before: Json | undefined, after: Json | undefined): boolean
  /** The body with nested settings at its root, where the wire nests them. */
  flat?(body: JsonObject): JsonObject
  /** The conversation as lines `role kind payload`, in order; neighbouring texts of a role joined. */
  atoms(body: JsonObject): string[]
}
