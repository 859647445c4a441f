// DeepSeek. Tool loops are refused without the reasoning text of every earlier turn; JSON has no schema; usage comes in
// the finish chunk. Claude's dialect is spoken at /anthropic, with the same key in x-api-key.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const deepseek = openaiLike({
  id: 'deepseek',
  title: 'DeepSeek',
  key: ['DEEPSEEK_API_KEY'],
  base: 'https://api.deepseek.com/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    reasoningField: 'reasoning_content',
    reasoningAlways: true,
    reasoningOff: { thinking: { type: 'disabled' } },
    efforts: { minimal: 'low', medium: 'high', xhigh: 'max' },
    jsonFormat: 'object',
    rename: { user: 'user_id' },
    messageName: 'refused',
  },
  also: [
    // Code between a beginning and an end.
    { dialect: 'openai-completions', path: '/../beta/completions', onlyWith: 'suffix' },
    { dialect: 'openai-responses', path: '/../responses', stateless: true },
    {
      dialect: 'anthropic-messages',
      path: '/../anthropic/v1/messages',
      auth: { type: 'header', name: 'x-api-key' },
    },
  ],
  paths: { models: '/models' },
})
