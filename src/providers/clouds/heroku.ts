// Heroku's inference add-on.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const heroku = openaiLike({
  id: 'heroku',
  title: 'Heroku',
  key: ['HEROKU_INFERENCE_KEY', 'INFERENCE_KEY'],
  base: 'https://us.inference.heroku.com/v1',
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', jsonFormat: 'text' },
  paths: { embeddings: '/embeddings' },
})
