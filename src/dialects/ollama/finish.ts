// Done reasons, both ways. Ollama says `stop` for a tool call too; `load` and `unload` answer an empty prompt.

import type { Finish } from '../../core/response.ts'

export function decodeFinish(word: unknown, calledTools: boolean): Finish {
  if (typeof word !== 'string' || word === '')
    return { reason: calledTools ? 'tool_calls' : 'stop', raw: null }
  if (word === 'length') return { reason: 'length', raw: word }
  if (word === 'stop' || word === 'load' || word === 'unload')
    return { reason: calledTools ? 'tool_calls' : 'stop', raw: word }
  return { reason: 'unknown', raw: word }
}

export function encodeFinish({ reason, raw }: Finish): string {
  if (raw === 'load' || raw === 'unload') return raw
  return reason === 'length' || reason === 'context_full' ? 'length' : 'stop'
}
