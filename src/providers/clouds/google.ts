// Google AI Studio: the Gemini API with a key.

import type { ProviderRecord, Spoken } from '../provider.ts'
import { googleEmbed } from '../shapes/google-embed.ts'

/** generateContent below `models/`, as AI Studio and Vertex both have it. */
export const GENERATE: Spoken = {
  dialect: 'gemini',
  path: '/models/{model}:generateContent',
  // Without `alt=sse` the answer is one JSON list written piece by piece.
  streamPath: '/models/{model}:streamGenerateContent?alt=sse',
  countPath: '/models/{model}:countTokens',
}

export const google: ProviderRecord = {
  id: 'google',
  title: 'Google AI Studio (Gemini)',
  // Where both are set the first one wins, as in Google's own SDK.
  env: { key: ['GOOGLE_API_KEY', 'GEMINI_API_KEY'], base: 'GOOGLE_GEMINI_BASE_URL' },
  base: 'https://generativelanguage.googleapis.com/v1beta',
  auth: { type: 'header', name: 'x-goog-api-key' },
  speaks: [{ ...GENERATE, countIn: 'generateContentRequest' }],
  paths: { models: '/models?pageSize=1000', embeddings: '/models/{model}:batchEmbedContents' },
  shapes: { embeddings: googleEmbed },
  quirks: {},
}
