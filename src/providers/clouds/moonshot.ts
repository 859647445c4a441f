// Moonshot (Kimi): sampling is fixed, ids repeat every turn, usage may stand inside the first choice.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const moonshot = openaiLike({
  id: 'moonshot',
  title: 'Moonshot',
  key: ['MOONSHOT_API_KEY'],
  base: 'https://api.moonshot.ai/v1',
  quirks: {
    ...USAGE_ON_REQUEST,
    // The current models fix all sampling and answer 400 to any other wish.
    drop: ['seed', 'temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'n'],
    reasoningField: 'reasoning_content',
    reasoningOff: { thinking: { type: 'disabled' } },
    efforts: { minimal: 'low', medium: 'high', xhigh: 'max' },
    toolChoice: 'auto_while_thinking',
    toolCallIds: 'repeated',
    prefill: 'partial',
  },
  also: [{ dialect: 'anthropic-messages', path: '/../anthropic/v1/messages' }],
  paths: { models: '/models', files: '/files' },
})
