// Google's embeddings: a batch of contents at AI Studio; at Vertex the older models by `predict`, several texts a request,
// the newer by `embedContent`, one. A caller of Google's own dialect has said more than a text (`google`): that goes as it
// is.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { PlainShape } from '../shape.ts'
import { batches, dimensionsOf, embeddingList, notVectors, passed, summed, textsOf } from './embed.ts'

const MOST_REQUESTS = 100
const MOST_INSTANCES = 250

const bare = (model: string): string => model.slice(model.lastIndexOf('/') + 1)

/** What `batchEmbedContents` takes, one for each input in their order. */
function contents(body: JsonObject): JsonObject[] {
  const own = body.google
  if (Array.isArray(own)) return own.filter(isObject)
  const size = dimensionsOf(body)
  return textsOf(body, 'Google').map((text) => ({
    content: { parts: [{ text }] },
    ...(size === undefined ? {} : { outputDimensionality: size }),
    ...passed(body, ['taskType', 'title']),
  }))
}

function valuesOf(embedding: Json | undefined, body: Json): Json {
  if (!isObject(embedding) || !Array.isArray(embedding.values)) throw notVectors(body)
  return embedding.values
}

/** Shortened vectors of the first generation are not unit length; OpenAI's always are (Google's own advice). */
function unit(vector: Json, model: string, body: JsonObject): Json {
  if (dimensionsOf(body) === undefined || !/gemini-embedding-001/.test(model) || !Array.isArray(vector))
    return vector
  const numbers = vector.map((value) => asNumber(value) ?? 0)
  const length = Math.hypot(...numbers)
  return length === 0 ? vector : numbers.map((value) => value / length)
}

export const googleEmbed: PlainShape = {
  requests: (body, { model }) =>
    batches(contents(body), MOST_REQUESTS).map((some) => ({
      requests: some.map((one) => ({ ...one, model: `models/${bare(model)}` })),
    })),
  answer: (answers, body, { model }) =>
    embeddingList(
      answers.flatMap(({ body: wire }) => {
        if (!isObject(wire)) throw notVectors(wire)
        const list = Array.isArray(wire.embeddings) ? wire.embeddings : [wire.embedding]
        return list.map((one) => unit(valuesOf(one, wire), model, body))
      }),
      model,
      summed(answers.map(({ body: wire }) => prompt(wire))),
    ),
}

function prompt(wire: Json): number | undefined {
  const usage = isObject(wire) && isObject(wire.usageMetadata) ? wire.usageMetadata : {}
  return asNumber(usage.promptTokenCount)
}

/** Models that Vertex serves by `embedContent`. */
const byContent = (model: string): boolean => /gemini-embedding-[2-9]/.test(model)

export const vertexEmbed: PlainShape = {
  path: ({ model }) => `/models/{model}:${byContent(model) ? 'embedContent' : 'predict'}`,
  requests(body, { model }) {
    const all = contents(body)
    if (byContent(model)) return all.map(({ model: _model, ...one }) => one)
    // gemini-embedding-001 takes one instance a request, its predecessors many.
    return batches(all, /gemini-embedding/.test(model) ? 1 : MOST_INSTANCES).map((some) => {
      const size = some[0]?.outputDimensionality
      return {
        instances: some.map(instance),
        ...(size === undefined ? {} : { parameters: { outputDimensionality: size } }),
      }
    })
  },
  answer: (answers, body, { model }) =>
    embeddingList(
      answers.flatMap(({ body: wire }) => {
        if (!isObject(wire)) throw notVectors(wire)
        if (!Array.isArray(wire.predictions)) return [unit(valuesOf(wire.embedding, wire), model, body)]
        return wire.predictions.map((one) =>
          unit(valuesOf(isObject(one) ? one.embeddings : undefined, wire), model, body),
        )
      }),
      model,
      summed(answers.flatMap(({ body: wire }) => [prompt(wire), ...counted(wire)])),
    ),
}

function instance({ content, taskType, title }: JsonObject): JsonObject {
  const parts = isObject(content) && Array.isArray(content.parts) ? content.parts.filter(isObject) : []
  return {
    content: parts.map((part) => (typeof part.text === 'string' ? part.text : '')).join('\n'),
    ...(taskType === undefined ? {} : { task_type: taskType }),
    ...(title === undefined ? {} : { title }),
  }
}

function counted(wire: Json): (number | undefined)[] {
  if (!isObject(wire) || !Array.isArray(wire.predictions)) return []
  return wire.predictions.map((one) => {
    const embeddings = isObject(one) && isObject(one.embeddings) ? one.embeddings : {}
    return isObject(embeddings.statistics) ? asNumber(embeddings.statistics.token_count) : undefined
  })
}
