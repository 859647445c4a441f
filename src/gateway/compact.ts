// `/v1/responses/compact` for a model whose host has no such operation: the model is asked for a summary, and the caller gets
// what the vendor of this wire would give, the user's messages and one compaction item. The conversation goes to the model
// as a transcript: hosts refuse calls without their tools and state without its account, and nobody is to answer it.

import { GatewayError, invalid } from '../core/error.ts'
import { type Json, type JsonObject, asString, isObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import { compactedText, compactionItem, isCompaction } from '../dialects/openai-responses/compaction.ts'
import type { Answer } from './answer.ts'
import type { Call } from './call.ts'
import { type ReadRequest, read } from './read.ts'
import { itemsOf } from './stored-responses.ts'

const TASK = `You shorten conversations. You are given the transcript of a conversation between a user and an assistant. Write a summary from which the assistant can go on without it. Keep: what the user wants and the rules in force, what was done and decided and why, exact names, paths, identifiers, numbers and code that will be needed again, results of tools that still matter, and what is open or was to come next. Leave out everything else. Answer with the summary alone.`

/** A summary in the making: what is asked, and of which conversation. */
export interface Compaction {
  call: Call
  read: ReadRequest
  /** The user's own messages, kept word for word. */
  users: JsonObject[]
  notes: Note[]
}

/** @throws GatewayError `invalid_request` where there is nothing to shorten, or what only another service can read. */
export function compaction(call: Call): Compaction {
  const { input, instructions, model, previous_response_id: previous } = read(call, undefined).json()
  const items = itemsOf(input)
  if (items.length === 0 && typeof previous !== 'string') throw invalid('input', 'input is missing')
  const notes: Note[] = []
  const lines = items.flatMap((item, index) => told(item, `input[${index}]`, notes))
  if (typeof instructions === 'string' && instructions !== '') lines.unshift(`Instructions: ${instructions}`)
  const earlier = typeof previous === 'string' ? 'The conversation so far, and then: ' : ''
  const body: JsonObject = {
    model,
    // Where the host keeps the conversation, it has what came before.
    ...(typeof previous === 'string' ? { previous_response_id: previous } : {}),
    instructions: TASK,
    input: [{ role: 'user', content: `${earlier}Transcript:\n\n${lines.join('\n\n')}` }],
    store: false,
  }
  const asked: Call = { ...call, operation: 'chat', body: Buffer.from(JSON.stringify(body)) }
  return { call: asked, read: read(asked, undefined), users: items.filter(isUser), notes }
}

/**
 * The answer with the summary, as the answer of a compaction.
 * @throws GatewayError `bad_upstream_response` when there is no summary in it.
 */
export function compacted(answer: Answer, { users, notes }: Compaction): Answer {
  if (answer.kind !== 'whole') throw new GatewayError('internal', 'a summary is no stream')
  const wire = JSON.parse(answer.body.toString()) as JsonObject
  const summary = textOf(wire.output)
  if (summary.trim() === '')
    throw new GatewayError('bad_upstream_response', 'the model was asked for a summary and gave none')
  if (wire.status === 'incomplete')
    notes.push({ field: 'output', action: 'approximated', why: 'the summary was cut at the model’s limit' })
  const id = (asString(wire.id) ?? '').replace(/^resp_/, '')
  const body: JsonObject = {
    id: `resp_${id}`,
    object: 'response.compaction',
    created_at: wire.created_at,
    output: [
      ...users.map((item, index) => ({
        id: `msg_${id}${String(index).padStart(2, '0')}`,
        type: 'message',
        status: 'completed',
        ...item,
        ...(typeof item.content === 'string'
          ? { content: [{ type: 'input_text', text: item.content }] }
          : {}),
      })),
      compactionItem(`cmp_${id}`, summary),
    ],
    ...(wire.usage === undefined ? {} : { usage: wire.usage }),
  }
  return { ...answer, body: JSON.stringify(body) }
}

/** @throws GatewayError `invalid_value` for a conversation part of which only the service that shortened it can read. */
export function refuseSealedHistory({ member }: ReadRequest, upstream: GenerationDialect): void {
  if (upstream.id === 'openai-responses') return
  const input = member('input')
  if (!Array.isArray(input)) return
  const index = input.findIndex((item) => isCompaction(item) && compactedText(item) === undefined)
  if (index >= 0) throw unreadable(`input[${index}]`)
}

function unreadable(at: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `${at} is a compaction that another service made and only it can read; send the conversation it stands for`,
    { param: at, code: 'invalid_value' },
  )
}

function isUser(item: Json): item is JsonObject {
  return isObject(item) && item.role === 'user' && (item.type ?? 'message') === 'message'
}

/** An item as lines of the transcript; what no text can tell is noted, unless it is kept with the user's messages. */
function told(item: Json, at: string, notes: Note[]): string[] {
  if (!isObject(item)) throw invalid(at, `${at} must be an object`)
  const lost = (what: string): void => {
    notes.push({ field: at, action: 'dropped', why: `the summary is made without the ${what}` })
  }
  switch (item.type ?? 'message') {
    case 'message': {
      const { role } = item
      return [
        `${typeof role === 'string' ? role : 'user'}: ${wordsOf(item.content, isUser(item) ? () => {} : lost)}`,
      ]
    }
    case 'reasoning': {
      const thought = [...listOf(item.summary), ...listOf(item.content)].flatMap(textIn).join('\n')
      return thought === '' ? [] : [`assistant, thinking: ${thought}`]
    }
    case 'function_call':
    case 'custom_tool_call':
      return [
        `assistant calls ${asString(item.name) ?? ''} (${asString(item.call_id) ?? ''}): ${asString(item.arguments ?? item.input) ?? ''}`,
      ]
    case 'function_call_output':
    case 'custom_tool_call_output':
      return [`result of ${asString(item.call_id) ?? ''}: ${wordsOf(item.output, lost)}`]
    case 'compaction': {
      const text = compactedText(item)
      if (text === undefined) throw unreadable(at)
      return [text]
    }
    case 'additional_tools':
    case 'compaction_trigger':
      return []
    default: {
      const { encrypted_content: _, ...open } = item
      return [JSON.stringify(open)]
    }
  }
}

/** The text of a content; a picture or file in it is named, and told to `lost`. */
function wordsOf(content: Json | undefined, lost: (what: string) => void): string {
  if (typeof content === 'string') return content
  return listOf(content)
    .flatMap((part) => {
      const text = textIn(part)
      if (text.length > 0) return text
      const what = isObject(part) && typeof part.type === 'string' ? part.type.replace(/^input_/, '') : 'part'
      lost(what)
      return [`[${what}]`]
    })
    .join('\n')
}

function textIn(part: Json): string[] {
  if (!isObject(part)) return []
  const text = part.text ?? part.refusal
  return typeof text === 'string' ? [text] : []
}

/** All text of an answer. */
function textOf(output: Json | undefined): string {
  return listOf(output)
    .filter((item) => isObject(item) && item.type === 'message')
    .flatMap((item) => listOf(isObject(item) ? item.content : undefined).flatMap(textIn))
    .join('\n')
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}
