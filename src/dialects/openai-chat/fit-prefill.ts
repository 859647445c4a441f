// A conversation that ends with an assistant turn: to OpenAI a new turn follows, elsewhere that turn is continued. What the
// caller means is said in the words of the host, and where the host would do something else, that is prevented and noted.

import type { Quirks } from '../../core/dialect.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'

/** What a model is told to go on with where its last words are not to be continued. Constant: prefixes stay stable. */
const GO_ON = 'Continue.'

/** Whether a caller of Chat wants the last turn continued: any of the words that hosts have for it. */
export function continues(body: JsonObject, last: JsonObject): boolean {
  return (
    last.role === 'assistant' &&
    (last.prefix === true || last.partial === true || body.continue_final_message === true)
  )
}

export function fitPrefill(body: JsonObject, { prefill }: Quirks, notes: Note[]): void {
  if (prefill === undefined || !Array.isArray(body.messages)) return
  const last = body.messages.at(-1)
  if (!isObject(last) || last.role !== 'assistant' || last.tool_calls !== undefined) return
  const wanted = continues(body, last)
  if (prefill === 'implicit') return wanted ? thinkingOff(body, notes) : newTurn(body, notes)
  if (!wanted) return
  switch (prefill) {
    case 'prefix_echoed':
      return say(body, last, 'prefix')
    case 'partial':
      return say(body, last, 'partial')
    case 'continue_final_message':
      say(body, last)
      body.continue_final_message = true
      body.add_generation_prompt = false
      return
    default:
      prefill satisfies never
  }
}

/** Takes every other host's word away; `word` is the one of this host, on the message. */
function say(body: JsonObject, last: JsonObject, word?: 'prefix' | 'partial'): void {
  delete body.continue_final_message
  delete body.add_generation_prompt
  const { prefix: _prefix, partial: _partial, ...rest } = last
  const said = word === undefined ? rest : { ...rest, [word]: true }
  body.messages = [...(body.messages as Json[]).slice(0, -1), said]
}

/** llama.cpp answers 400 to a continued turn while thinking is on. */
function thinkingOff(body: JsonObject, notes: Note[]): void {
  const { messages } = body
  say(body, (messages as JsonObject[]).at(-1) as JsonObject)
  const given = isObject(body.chat_template_kwargs) ? body.chat_template_kwargs : {}
  if (given.enable_thinking === false) return
  body.chat_template_kwargs = { ...given, enable_thinking: false }
  notes.push({
    field: 'chat_template_kwargs.enable_thinking',
    action: 'approximated',
    why: 'a continued assistant turn is refused while the model thinks: thinking is off',
  })
}

/** Left alone, llama.cpp would continue the turn. */
function newTurn(body: JsonObject, notes: Note[]): void {
  const messages = body.messages as Json[]
  body.messages = [...messages, { role: 'user', content: GO_ON }]
  notes.push({
    field: `messages[${messages.length}]`,
    action: 'approximated',
    why: `the host would continue the last assistant turn: "${GO_ON}" of the user follows it; continue_final_message continues it`,
  })
}
