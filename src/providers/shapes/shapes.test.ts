import { expect, test } from 'vitest'
import type { Json, JsonObject } from '../../core/json.ts'
import type { PlainShape, ShapeTarget } from '../shape.ts'
import { bedrockEmbed } from './bedrock-embed.ts'
import { cohereEmbed } from './cohere-embed.ts'
import { jinaEmbed } from './jina-embed.ts'
import { bedrockAgentRerank, bedrockRerank, cohereRerank, openRerank, voyageRerank } from './reranks.ts'
import { voyageEmbed } from './voyage-embed.ts'

const target: ShapeTarget = { model: 'm', region: 'eu-west-1' }
const answer = (shape: PlainShape, body: JsonObject, ...bodies: Json[]): JsonObject =>
  shape.answer(
    bodies.map((one) => ({ body: one, headers: {} })),
    body,
    target,
  )

test('181 200 texts to Cohere are three requests, put together in order', () => {
  const input = Array.from({ length: 200 }, (_, index) => `text ${index}`)
  const requests = cohereEmbed.requests({ input, dimensions: 256 }, target)
  expect(requests.map((one) => (one.texts as string[]).length)).toEqual([96, 96, 8])
  expect(requests[2]).toEqual({
    model: 'm',
    texts: input.slice(192),
    input_type: 'search_document',
    embedding_types: ['float'],
    output_dimension: 256,
  })
  const bodies = requests.map((one) => ({
    embeddings: { float: (one.texts as string[]).map((text) => [Number(text.slice(5))]) },
    meta: { billed_units: { input_tokens: 10 } },
  }))
  const whole = answer(cohereEmbed, { input }, ...bodies)
  expect(
    (whole.data as { index: number; embedding: number[] }[]).map((row) => [row.index, row.embedding]),
  ).toEqual(input.map((_, index) => [index, [index]]))
  expect(whole.usage).toEqual({ prompt_tokens: 30, total_tokens: 30 })
})

test.each([
  ['Cohere', cohereEmbed, target],
  ['Voyage', voyageEmbed, target],
  ['Jina', jinaEmbed, target],
  ['Amazon Titan', bedrockEmbed, { model: 'amazon.titan-embed-text-v2:0' }],
] as const)('181 token arrays are refused for %s', (vendor, shape, to) => {
  for (const input of [[1, 2], [[1, 2]]])
    expect(() => shape.requests({ input }, to)).toThrow(`token arrays are unsupported by ${vendor}`)
  for (const input of [[], 5, null]) expect(() => shape.requests({ input }, to)).toThrow(/must be a text/)
})

test('a query says so by input_type; what OpenAI alone knows stays behind', () => {
  const body = {
    input: 'q',
    input_type: 'search_query',
    encoding_format: 'base64',
    user: 'u',
    truncate: 'END',
  }
  expect(cohereEmbed.requests(body, target)).toEqual([
    { model: 'm', texts: ['q'], input_type: 'search_query', embedding_types: ['float'], truncate: 'END' },
  ])
  expect(voyageEmbed.requests({ ...body, input_type: 'query', dimensions: 512 }, target)).toEqual([
    { model: 'm', input: ['q'], output_dimension: 512, input_type: 'query' },
  ])
  expect(jinaEmbed.requests({ input: ['a', 'b'], task: 'text-matching', dimensions: 64 }, target)).toEqual([
    { model: 'm', input: ['a', 'b'], dimensions: 64, task: 'text-matching' },
  ])
})

test('Titan takes one text a request; its first generation has no sizes; counts come in body or header', () => {
  const to = { model: 'amazon.titan-embed-text-v2:0' }
  expect(bedrockEmbed.requests({ input: ['a', 'b'], dimensions: 256 }, to)).toEqual([
    { inputText: 'a', dimensions: 256 },
    { inputText: 'b', dimensions: 256 },
  ])
  expect(
    bedrockEmbed.requests({ input: 'a', dimensions: 256 }, { model: 'amazon.titan-embed-text-v1' }),
  ).toEqual([{ inputText: 'a' }])
  const whole = bedrockEmbed.answer(
    [
      { body: { embedding: [1], inputTextTokenCount: 3 }, headers: {} },
      { body: { embedding: [2] }, headers: { 'x-amzn-bedrock-input-token-count': '4' } },
    ],
    {},
    to,
  )
  expect(whole).toMatchObject({ data: [{ embedding: [1] }, { embedding: [2] }], usage: { prompt_tokens: 7 } })
})

test('an unknown count is left out, never 0; no vectors are a bad answer', () => {
  const to = { model: 'cohere.embed-english-v3' }
  const whole = bedrockEmbed.answer([{ body: { embeddings: { float: [[1]] } }, headers: {} }], {}, to)
  expect('usage' in whole).toBe(false)
  expect(() => answer(cohereEmbed, {}, { message: 'no' })).toThrow(/without embeddings: no/)
  expect(() => bedrockEmbed.requests({ input: 'a' }, { model: 'anthropic.claude-x' })).toThrow(
    /no embedding model/,
  )
})

const ask: JsonObject = {
  query: 'q',
  documents: ['zero', { text: 'one', title: 't' }, { name: 'two' }],
  top_n: 9,
  return_documents: true,
}
const results = [
  { index: 2, relevance_score: 0.9 },
  { index: 0, relevance_score: 0.1 },
]
const documents = [
  { index: 2, relevance_score: 0.9, document: { name: 'two' } },
  { index: 0, relevance_score: 0.1, document: { text: 'zero' } },
]

test('180 one request at five hosts: limits clamped, objects flattened where only texts are taken', () => {
  const texts = ['zero', 'one', '{"name":"two"}']
  expect(cohereRerank.requests(ask, target)).toEqual([{ model: 'm', query: 'q', documents: texts, top_n: 3 }])
  expect(openRerank.requests(ask, target)).toEqual([
    { model: 'm', query: 'q', documents: ask.documents, top_n: 3, return_documents: true },
  ])
  expect(voyageRerank.requests(ask, target)).toEqual([{ model: 'm', query: 'q', documents: texts, top_k: 3 }])
  expect(bedrockRerank.requests(ask, { model: 'cohere.rerank-v3-5:0' })).toEqual([
    { query: 'q', documents: texts, top_n: 3, api_version: 2 },
  ])
  const [agent] = bedrockAgentRerank.requests(ask, { ...target, model: 'amazon.rerank-v1:0' })
  expect(agent).toMatchObject({
    queries: [{ type: 'TEXT', textQuery: { text: 'q' } }],
    sources: [
      { inlineDocumentSource: { type: 'TEXT', textDocument: { text: 'zero' } } },
      { inlineDocumentSource: { type: 'JSON', jsonDocument: { text: 'one', title: 't' } } },
      {},
    ],
    rerankingConfiguration: {
      bedrockRerankingConfiguration: {
        modelConfiguration: { modelArn: 'arn:aws:bedrock:eu-west-1::foundation-model/amazon.rerank-v1:0' },
        numberOfResults: 3,
      },
    },
  })
})

test('180 one answer from five hosts: the same union, documents of the request attached on demand', () => {
  expect(
    answer(cohereRerank, ask, { id: 'r', results, meta: { billed_units: { search_units: 1 } } }),
  ).toEqual({
    object: 'list',
    model: 'm',
    id: 'r',
    results: documents,
    meta: { billed_units: { search_units: 1 } },
  })
  const usage = { total_tokens: 5 }
  const list = { object: 'list', model: 'm', results: documents, usage }
  // Together gives empty documents, Jina whole ones.
  expect(
    answer(openRerank, ask, { results: results.map((row) => ({ ...row, document: {} })), usage }),
  ).toEqual(list)
  expect(answer(voyageRerank, ask, { object: 'list', data: results, usage })).toEqual(list)
  const agent = results.map(({ index, relevance_score: relevanceScore }) => ({ index, relevanceScore }))
  expect(answer(bedrockAgentRerank, ask, { results: agent })).toEqual({
    object: 'list',
    model: 'm',
    results: documents,
  })
  expect(answer(bedrockRerank, { ...ask, return_documents: false }, { results })).toEqual({
    object: 'list',
    model: 'm',
    results,
  })
})

test('rank_fields choose what of an object is read', () => {
  const body = { query: 'q', documents: [{ a: 'x', b: 2, c: 'z' }], rank_fields: ['b', 'a'] }
  expect(cohereRerank.requests(body, target)[0]?.documents).toEqual(['b: 2\na: x'])
})

test.each([
  [{}, 'query'],
  [{ query: 'q' }, 'documents'],
  [{ query: 'q', documents: [] }, 'documents'],
  [{ query: 'q', documents: ['a', 5] }, 'documents[1]'],
  [{ query: 'q', documents: ['a'], top_n: 0 }, 'top_n'],
] as [JsonObject, string][])('a wrong member is named: %j', (body, param) => {
  expect(() => cohereRerank.requests(body, target)).toThrow(
    expect.objectContaining({ kind: 'invalid_request', param }),
  )
})
