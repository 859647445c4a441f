// The bytes of the benchmark: one 2.4 KB chat request per dialect and mode, one JSON answer, one stream of 41 events.

const words =
  'The quick gateway carries every byte of a conversation from one side to the other without a loss. '
const system = words.repeat(8)
const turns = [
  { role: 'user', content: words.repeat(6) },
  { role: 'assistant', content: words.repeat(3) },
  { role: 'user', content: words.repeat(5) },
]

export type Mode = 'json' | 'stream'
export type Face = 'chat' | 'messages'

export function requestBody(face: Face, mode: Mode, model: string): string {
  const stream = mode === 'stream' ? { stream: true } : {}
  return face === 'messages'
    ? JSON.stringify({ model, max_tokens: 256, system, messages: turns, ...stream })
    : JSON.stringify({
        model,
        max_tokens: 256,
        messages: [{ role: 'system', content: system }, ...turns],
        ...(mode === 'stream' ? { stream: true, stream_options: { include_usage: true } } : {}),
      })
}

const usage = { prompt_tokens: 480, completion_tokens: 38, total_tokens: 518 }
const head = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'bench-model' }
/** The last words of every answer: a proxy that loses the end is caught. */
export const LAST_WORDS = 'and here the answer ends.'

export const jsonAnswer = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: `${words.repeat(4)}${LAST_WORDS}` },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage,
})

const chunk = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }], usage: null })}\n\n`

/** 41 events: role, 37 texts, finish, usage, [DONE]. */
export const streamEvents: readonly string[] = [
  chunk({ role: 'assistant', content: '' }, null),
  ...Array.from({ length: 36 }, (_, index) => chunk({ content: `word ${index} ` }, null)),
  chunk({ content: LAST_WORDS }, null),
  chunk({}, 'stop'),
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
  'data: [DONE]\n\n',
]

export const messageAnswer = JSON.stringify({
  id: 'msg_bench',
  type: 'message',
  role: 'assistant',
  model: 'bench-model',
  content: [{ type: 'text', text: `${words.repeat(4)}${LAST_WORDS}` }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 480, output_tokens: 38 },
})

export const embeddingAnswer = JSON.stringify({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: Array.from({ length: 256 }, (_, at) => at / 512) }],
  model: 'bench-model',
  usage: { prompt_tokens: 8, total_tokens: 8 },
})
