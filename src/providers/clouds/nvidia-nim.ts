// NVIDIA NIM, hosted: each model validates on its own. stream_options is refused or hangs, tool_choice "auto" fails where
// the server has no tool parser, some models take no content lists; the rest is learned from answers.

import { openaiLike } from '../openai-like.ts'

export const nvidiaNim = openaiLike({
  id: 'nvidia-nim',
  title: 'NVIDIA NIM',
  key: ['NVIDIA_API_KEY', 'NIM_API_KEY'],
  base: 'https://integrate.api.nvidia.com/v1',
  quirks: {
    streamUsage: 'never',
    maxTokensField: 'max_tokens',
    toolChoice: 'omit_auto',
    jsonFormat: 'text',
    content: 'string',
    instructionRole: 'system',
    thinkTags: true,
  },
})
