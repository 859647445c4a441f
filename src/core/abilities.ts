// What a model can do, as far as anybody said: the catalogue, the operator or the engine itself. Absent: not known,
// which is not the same as no.

export interface Abilities {
  tools?: boolean
  /** Images in. */
  vision?: boolean
  /** Audio in. */
  audio?: boolean
  /** Answers that keep to a JSON schema. */
  jsonSchema?: boolean
  reasoning?: boolean
  /** Input and output together. */
  contextTokens?: number
}
