// Messages of another dialect as turns of this one (core/turns.ts). Facts of this wire: blank texts are refused, cache
// points are blocks after what they mark and never inside a result, a document needs a text beside it, reasoning goes
// back only signed.

import { invalid } from '../../core/error.ts'
import { type JsonObject, isObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { CacheMark, Part, ToolResultPart } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { LATE_CLOSE, LATE_OPEN, settleLastTurn, turnsOf } from '../../core/turns.ts'
import { ownBlock, ownBlocks } from './blocks.ts'
import { cachePoint } from './cache.ts'
import { encodeMedia } from './media-encode.ts'
import { documentNames, wireId, wireName } from './names.ts'
import { ID } from './own.ts'
import { sealedReasoning } from './seal.ts'

/** Beside a document that came without a word. Constant: prefixes stay stable. */
const BESIDE_DOCUMENT = 'Document:'
/** Before a conversation that the assistant began. */
const BEFORE_ASSISTANT = '(the conversation begins)'
/** In place of a result that holds nothing; this wire demands a block. */
const EMPTY_RESULT = '(no output)'

const ELSEWHERE = 'Amazon Bedrock Converse has no such field'

export interface Conversation {
  system: JsonObject[]
  messages: JsonObject[]
}

/** @throws GatewayError `invalid_request` for a tool result without its call, and for content with no form here. */
export function encodeMessages(
  request: GenerationRequest,
  { prefill, nineIds }: { prefill?: boolean | undefined; nineIds: boolean },
  notes: Note[],
): Conversation {
  const nameOf = documentNames()
  const note = (field: string, action: Note['action'], why: string): void => {
    notes.push({ field, action, why })
  }
  const noteExtras = (node: { origin?: Message['origin'] }, at: string): void => {
    for (const [name, value] of Object.entries(node.origin?.extras ?? {}))
      if (name !== 'cache_control' && value !== null) note(`${at}.${name}`, 'dropped', ELSEWHERE)
  }
  const marked = (block: JsonObject, mark: CacheMark | undefined): JsonObject[] =>
    mark ? [block, cachePoint(mark)] : [block]

  for (const [index, message] of request.messages.entries()) {
    noteExtras(message, `messages[${index}]`)
    if (message.name !== undefined && message.role !== 'tool')
      note(`messages[${index}].name`, 'dropped', 'messages have no name here')
  }

  const instruction = (message: Message, at: string, late: boolean): JsonObject[] => {
    const blocks = message.parts.flatMap((part, position) => {
      if (part.kind === 'text') {
        if (part.text.trim() === '') return []
        return marked({ text: late ? `${LATE_OPEN}${part.text}${LATE_CLOSE}` : part.text }, part.cache)
      }
      if (part.kind === 'opaque' && part.dialect === ID) return ownBlocks([part])
      note(`${at}.content[${position}]`, 'dropped', 'instructions are text in Amazon Bedrock Converse')
      return []
    })
    return [...blocks, ...messageMark(blocks, message)]
  }

  const plain = (part: Part, at: string, where: 'user' | 'assistant' | 'result'): JsonObject[] => {
    noteExtras(part, at)
    switch (part.kind) {
      case 'text':
      case 'refusal':
        if (part.kind === 'text' && part.citations && part.citations.length > 0)
          note(`${at}.citations`, 'dropped', 'citations do not go back to the model here')
        return part.text.trim() === '' ? [] : marked({ text: part.text }, part.cache)
      case 'media':
        if (where === 'assistant') break
        return marked(encodeMedia(part, at, nameOf, notes), part.cache)
      case 'reasoning': {
        if (where !== 'assistant') break
        const wire = sealedReasoning(part)
        if (wire) return [{ reasoningContent: wire }]
        note(
          at,
          'dropped',
          part.sealed ? 'reasoning sealed by another vendor' : 'reasoning without a signature is refused',
        )
        return []
      }
      case 'opaque': {
        const own = ownBlock(part)
        if (own) return [own]
        if (where === 'user') throw invalid(at, `${at}: Amazon Bedrock Converse has no ${part.type} part`)
        break
      }
      default:
    }
    const kind = part.kind === 'opaque' ? part.type : part.kind
    note(
      at,
      'dropped',
      `a ${where === 'assistant' ? 'message of the assistant' : where} holds no ${kind} here`,
    )
    return []
  }

  const result = (part: ToolResultPart, id: string, at: string): JsonObject[] => {
    const content = part.content.flatMap((inner, position) => {
      const { cache: _cache, ...bare } = inner
      return plain(bare, `${at}.content[${position}]`, 'result')
    })
    if (content.length === 0) note(`${at}.content`, 'approximated', 'a result without content is refused')
    const block: JsonObject = {
      toolResult: {
        toolUseId: id,
        content: content.length > 0 ? content : [{ text: EMPTY_RESULT }],
        ...(part.isError === undefined ? {} : { status: part.isError ? 'error' : 'success' }),
      },
    }
    // A mark inside the result goes behind it: cache points are refused in there.
    return marked(block, part.cache ?? part.content.findLast((inner) => inner.cache !== undefined)?.cache)
  }

  const { system, turns } = turnsOf(
    request,
    {
      instruction,
      assistant: (part, at) => plain(part, at, 'assistant'),
      call(part, id, at) {
        noteExtras(part, at)
        let input = part.custom === true ? { input: part.arguments } : parseInput(part.arguments)
        if (!input) {
          input = { [RAW_ARGUMENTS]: part.arguments }
          note(`${at}.function.arguments`, 'approximated', `not a JSON object: sent under ${RAW_ARGUMENTS}`)
        }
        return marked({ toolUse: { toolUseId: id, name: wireName(part.name), input } }, part.cache)
      },
      user: (part, at) => plain(part, at, 'user'),
      result,
      id: (id) => wireId(id, nineIds),
      behind: messageMark,
    },
    notes,
  )
  if (turns[0]?.role === 'assistant') {
    turns.unshift({ role: 'user', content: [{ text: BEFORE_ASSISTANT }] })
    note(
      'messages[0]',
      'approximated',
      'a conversation begins with the user here: a placeholder is put before it',
    )
  }
  settleLastTurn(turns, prefill, trimEnd)
  return { system, messages: turns.map(({ role, content }) => ({ role, content: withText(content) })) }
}

/** `cache_control` on a whole message (an extension of Chat): a cache point behind its last block. */
function messageMark(blocks: readonly JsonObject[], message: Message): JsonObject[] {
  const mark = message.origin?.extras?.cache_control
  const last = blocks.at(-1)
  return isObject(mark) && last && last.cachePoint === undefined && last.reasoningContent === undefined
    ? [cachePoint({ raw: mark })]
    : []
}

/** A prefill must not end in white space. */
function trimEnd(content: JsonObject[]): void {
  const block = content.at(-1)
  if (typeof block?.text !== 'string') return
  block.text = block.text.trimEnd()
  if (block.text === '') content.pop()
}

/** A turn with a document and no text is refused. */
function withText(content: JsonObject[]): JsonObject[] {
  const needs =
    content.some((block) => block.document !== undefined) &&
    !content.some((block) => block.text !== undefined || block.toolResult !== undefined)
  return needs ? [...content, { text: BESIDE_DOCUMENT }] : content
}
