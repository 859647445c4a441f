// Moonshot.

import { openaiLike } from '../openai-like.ts'

export const moonshot = openaiLike({
  id: 'moonshot',
  title: 'Moonshot',
  key: ['MOONSHOT_API_KEY'],
  base: 'https://api.moonshot.ai/v1',
  quirks: { reasoningField: 'reasoning_content', drop: ['seed'] },
})
