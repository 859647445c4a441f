// Snowflake Cortex: the account stands in the base URL, so it must be given; members are empty strings where others leave
// them out, and streams end without a finish word.

import { USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const snowflakeCortex = openaiLike({
  id: 'snowflake-cortex',
  title: 'Snowflake Cortex',
  key: ['SNOWFLAKE_TOKEN'],
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_completion_tokens',
    reasoningField: 'reasoning_details',
  },
  paths: {},
})
