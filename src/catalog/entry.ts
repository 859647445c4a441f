// What the catalogue says of one model at one provider. Every member may be missing: unknown is unknown.

import type { Price } from '../core/price.ts'

export type Modality = 'text' | 'image' | 'document' | 'audio' | 'video'

export interface ModelEntry {
  /** Input and output together. */
  contextTokens?: number
  maxOutputTokens?: number
  input?: readonly Modality[]
  output?: readonly Modality[]
  tools?: boolean
  reasoning?: boolean
  /** Answers that keep to a JSON schema. */
  jsonSchema?: boolean
  /** false: temperature and its kin are refused. */
  sampling?: boolean
  /** Effort words it takes. */
  efforts?: readonly string[]
  /** `YYYY-MM-DD` */
  released?: string
  price?: Price
}
