// Azure OpenAI: a resource, a deployment or its /openai/v1 as base (core/url-rules.ts builds the address).

import { OPENAI_PATHS, RESPONSES, openaiLike } from '../openai-like.ts'

export const azure = openaiLike({
  id: 'azure',
  title: 'Azure OpenAI',
  key: ['AZURE_OPENAI_API_KEY'],
  auth: { type: 'header', name: 'api-key' },
  entra: { scope: 'https://cognitiveservices.azure.com/.default' },
  // All others are chat models, and answer so.
  completionsOnly: /instruct|davinci|babbage/,
  also: [RESPONSES],
  paths: {
    ...OPENAI_PATHS,
    images: '/images/generations',
    image_edits: '/images/edits',
    speech: '/audio/speech',
    transcriptions: '/audio/transcriptions',
    translations: '/audio/translations',
    realtime: '/realtime',
  },
})
