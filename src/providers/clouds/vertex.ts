// Google Vertex AI: Gemini and Claude under a project and a location, with a Google token; or Gemini alone in express
// mode, with a key and no project.

import type { ProviderRecord } from '../provider.ts'
import { vertexRaw } from '../carriers/vertex-raw.ts'
import { vertexEmbed } from '../shapes/google-embed.ts'
import { GENERATE } from './google.ts'

const KEYS = { key: ['VERTEX_API_KEY', 'GOOGLE_VERTEX_API_KEY'] } as const

export const vertex: ProviderRecord = {
  id: 'vertex',
  title: 'Google Vertex AI (Gemini)',
  env: KEYS,
  base: 'https://aiplatform.googleapis.com/v1/publishers/google',
  auth: { type: 'header', name: 'x-goog-api-key' },
  google: { publisher: 'google' },
  speaks: [GENERATE],
  paths: { embeddings: '/models/{model}:predict' },
  shapes: { embeddings: vertexEmbed },
  quirks: {},
}

export const vertexAnthropic: ProviderRecord = {
  id: 'vertex-anthropic',
  title: 'Claude on Google Vertex AI',
  env: { key: [] },
  auth: { type: 'bearer' },
  google: { publisher: 'anthropic' },
  speaks: [
    {
      dialect: 'anthropic-messages',
      path: '/models/{model}:rawPredict',
      streamPath: '/models/{model}:streamRawPredict',
      // The one operation that wants the model in the body.
      countPath: '/models/count-tokens:rawPredict',
      carrier: vertexRaw,
    },
  ],
  paths: {},
  quirks: {},
}

/**
 * The base below which a publisher's models stand. `location`: `global`, the multi-regions `us` and `eu`, or a region;
 * each has a host of its own.
 */
export function vertexBase(project: string, location: string, publisher: 'google' | 'anthropic'): string {
  const host =
    location === 'global'
      ? 'aiplatform.googleapis.com'
      : location === 'us' || location === 'eu'
        ? `aiplatform.${location}.rep.googleapis.com`
        : `${location}-aiplatform.googleapis.com`
  return `https://${host}/v1/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}/publishers/${publisher}`
}
