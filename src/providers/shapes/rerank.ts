// Rerank, the common part. The public request is the union of what Cohere and Jina take; the public answer is
// `results[{index, relevance_score, document?}]`. An index counts in the caller's own list; scores are never touched.

import { GatewayError, invalid } from '../../core/error.ts'
import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'

export interface RerankAsk {
  query: string
  /** As the caller sent them. */
  documents: (string | JsonObject)[]
  /** At most as many as there are documents. */
  topN?: number
}

/** @throws GatewayError `invalid_request` with the member that is wrong. */
export function rerankAsk(body: JsonObject): RerankAsk {
  const { query, documents } = body
  if (typeof query !== 'string' || query === '') throw invalid('query', 'query must be a text')
  if (!Array.isArray(documents) || documents.length === 0)
    throw invalid('documents', 'documents must be a list of texts or objects, and not empty')
  const wrong = documents.findIndex((document) => typeof document !== 'string' && !isObject(document))
  if (wrong >= 0) throw invalid(`documents[${wrong}]`, `documents[${wrong}] must be a text or an object`)
  const wanted = body.top_n ?? body.top_k
  if (
    wanted !== undefined &&
    wanted !== null &&
    (typeof wanted !== 'number' || !Number.isInteger(wanted) || wanted < 1)
  )
    throw invalid('top_n', 'top_n must be a whole number above 0')
  return {
    query,
    documents: documents as RerankAsk['documents'],
    ...(typeof wanted === 'number' ? { topN: Math.min(wanted, documents.length) } : {}),
  }
}

/** A document as one text: itself, its `rank_fields`, its `text`, or all of it. */
export function documentText(document: string | JsonObject, rankFields: Json | undefined): string {
  if (typeof document === 'string') return document
  if (Array.isArray(rankFields) && rankFields.length > 0)
    return rankFields
      .filter((name) => typeof name === 'string' && document[name] !== undefined)
      .map((name) => `${name as string}: ${textOf(document[name as string])}`)
      .join('\n')
  return typeof document.text === 'string' ? document.text : JSON.stringify(document)
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Texts for hosts that take nothing else. */
export function documentTexts(ask: RerankAsk, body: JsonObject): string[] {
  return ask.documents.map((document) => documentText(document, body.rank_fields))
}

/**
 * The public answer.
 * @param rows the host's results, each with an index and a score under one of the names in use.
 * @param more members of the answer beside them (id, usage, meta).
 */
export function rerankAnswer(
  rows: Json | undefined,
  body: JsonObject,
  model: string,
  more: JsonObject,
): JsonObject {
  if (!Array.isArray(rows)) throw noResults(rows)
  const documents = Array.isArray(body.documents) ? body.documents : []
  const results = rows.map((row) => {
    if (!isObject(row)) throw noResults(row)
    const index = asNumber(row.index)
    const score = asNumber(row.relevance_score) ?? asNumber(row.relevanceScore) ?? asNumber(row.score)
    if (index === undefined || score === undefined) throw noResults(row)
    const document = body.return_documents === true ? documentOf(row.document, documents[index]) : undefined
    return { index, relevance_score: score, ...(document === undefined ? {} : { document }) }
  })
  return { object: 'list', model, results, ...more }
}

/** What the host gave, or what the caller sent, in the form of an object with a text. */
function documentOf(given: Json | undefined, sent: Json | undefined): Json | undefined {
  if (isObject(given) && Object.keys(given).length > 0) return given
  if (typeof given === 'string') return { text: given }
  return typeof sent === 'string' ? { text: sent } : sent
}

function noResults(said: Json | undefined): GatewayError {
  return new GatewayError(
    'bad_upstream_response',
    `the upstream answered 200 without rerank results: ${JSON.stringify(said ?? null).slice(0, 300)}`,
  )
}
