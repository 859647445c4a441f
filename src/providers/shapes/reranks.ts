// Rerank as each host has it; the common part is in rerank.ts.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { PlainShape } from '../shape.ts'
import { passed } from './embed.ts'
import { documentTexts, rerankAnswer, rerankAsk } from './rerank.ts'

const only = (answers: readonly { body: Json }[]): JsonObject => {
  const body = answers[0]?.body
  return isObject(body) ? body : {}
}

const limit = (name: string, topN: number | undefined): JsonObject =>
  topN === undefined ? {} : { [name]: topN }

/** Cohere v2: texts only, no documents in the answer, paid by search units. */
export const cohereRerank: PlainShape = {
  requests(body, { model }) {
    const ask = rerankAsk(body)
    return [
      {
        model,
        query: ask.query,
        documents: documentTexts(ask, body),
        ...limit('top_n', ask.topN),
        ...passed(body, ['max_tokens_per_doc', 'priority']),
      },
    ]
  },
  answer(answers, body, { model }) {
    const wire = only(answers)
    return rerankAnswer(wire.results, body, model, passed(wire, ['id', 'meta']))
  },
}

/** Jina, and every host that copies it or Cohere v1 (Together, vLLM, llama.cpp, LiteLLM): objects are taken too. */
export const openRerank: PlainShape = {
  requests(body, { model }) {
    const ask = rerankAsk(body)
    return [
      {
        model,
        query: ask.query,
        documents: ask.documents,
        ...limit('top_n', ask.topN),
        ...passed(body, ['return_documents', 'rank_fields', 'max_tokens_per_doc', 'truncation']),
      },
    ]
  },
  answer(answers, body, { model }) {
    const wire = only(answers)
    return rerankAnswer(wire.results ?? wire.data, body, model, passed(wire, ['id', 'usage', 'meta']))
  },
}

/** Voyage: the limit is `top_k`, results are `data`. */
export const voyageRerank: PlainShape = {
  requests(body, { model }) {
    const ask = rerankAsk(body)
    return [
      {
        model,
        query: ask.query,
        documents: documentTexts(ask, body),
        ...limit('top_k', ask.topN),
        ...passed(body, ['truncation']),
      },
    ]
  },
  answer(answers, body, { model }) {
    const wire = only(answers)
    return rerankAnswer(wire.data ?? wire.results, body, model, passed(wire, ['usage']))
  },
}

/** InvokeModel: Cohere's body with its version, Amazon's own model the same without. */
export const bedrockRerank: PlainShape = {
  requests(body, { model }) {
    const ask = rerankAsk(body)
    return [
      {
        query: ask.query,
        documents: documentTexts(ask, body),
        ...limit('top_n', ask.topN),
        ...(/(^|[./])cohere\./.test(model) ? { api_version: 2 } : {}),
      },
    ]
  },
  answer: (answers, body, { model }) => rerankAnswer(only(answers).results, body, model, {}),
}

/** The rerank operation of Bedrock's agent runtime. */
export const bedrockAgentRerank: PlainShape = {
  requests(body, { model, region = '' }) {
    const ask = rerankAsk(body)
    const sources = ask.documents.map((document) => ({
      type: 'INLINE',
      inlineDocumentSource:
        typeof document === 'string'
          ? { type: 'TEXT', textDocument: { text: document } }
          : { type: 'JSON', jsonDocument: document },
    }))
    const modelArn = model.startsWith('arn:') ? model : `arn:aws:bedrock:${region}::foundation-model/${model}`
    return [
      {
        queries: [{ type: 'TEXT', textQuery: { text: ask.query } }],
        sources,
        rerankingConfiguration: {
          type: 'BEDROCK_RERANKING_MODEL',
          bedrockRerankingConfiguration: {
            modelConfiguration: { modelArn },
            ...limit('numberOfResults', ask.topN),
          },
        },
      },
    ]
  },
  answer: (answers, body, { model }) => rerankAnswer(only(answers).results, body, model, {}),
}

/** What a rerank answer counted, for the ledger. */
export function rerankTokens(answer: JsonObject): number | undefined {
  return isObject(answer.usage)
    ? (asNumber(answer.usage.prompt_tokens) ?? asNumber(answer.usage.total_tokens))
    : undefined
}
