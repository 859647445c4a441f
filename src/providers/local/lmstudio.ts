// LM Studio: an object as tool_choice, json_object, a null and a tool without properties are each answered 400;
// a forced call may come as tags in the text.

import { RESPONSES, USAGE_ON_REQUEST, openaiLike } from '../openai-like.ts'

export const lmstudio = openaiLike({
  id: 'lmstudio',
  title: 'LM Studio',
  key: ['LM_API_TOKEN', 'LMSTUDIO_API_KEY'],
  base: 'http://localhost:1234/v1',
  local: true,
  also: [RESPONSES],
  quirks: {
    ...USAGE_ON_REQUEST,
    maxTokensField: 'max_tokens',
    toolChoice: 'string',
    jsonFormat: 'schema_only',
    nulls: 'refused',
    toolParameters: 'properties',
    thinkTags: true,
    writtenCalls: true,
  },
})
