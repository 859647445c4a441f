// Hugging Face's TGI, archived and still deployed: one choice, reasoning in tags, no embeddings.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const tgi = openaiLike({
  id: 'tgi',
  title: 'Text Generation Inference',
  key: ['HF_TOKEN'],
  base: 'http://localhost:8080/v1',
  local: true,
  quirks: { ...USAGE_ON_REQUEST, maxTokensField: 'max_tokens', clamp: { n: { max: 1 } }, thinkTags: true },
  paths: { completions: '/completions', models: '/models' },
})
