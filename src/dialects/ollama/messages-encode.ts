// Canonical messages to Ollama's: a text, images beside it as bare base64, arguments as objects, results that name their
// tool.

import { callInput } from '../../core/tool-input.ts'
import { invalid } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { Part, ToolResultPart } from '../../core/part.ts'
import type { GenerationRequest, Message } from '../../core/request.ts'
import { isOwn } from './form.ts'

interface Scope {
  notes: Note[]
  own: boolean
  /** Tool names by call id, of the calls so far. */
  names: Map<string, string>
}

export function encodeMessages(request: GenerationRequest, notes: Note[]): JsonObject[] {
  const scope: Scope = { notes, own: isOwn(request.dialect), names: new Map() }
  return request.messages.flatMap((message, index) => encodeMessage(message, `messages[${index}]`, scope))
}

function encodeMessage(message: Message, at: string, scope: Scope): JsonObject[] {
  const { own, notes, names } = scope
  const shape = own ? (message.origin?.shape ?? {}) : {}
  if (!own)
    for (const name of Object.keys(message.origin?.extras ?? {}))
      notes.push({ field: `${at}.${name}`, action: 'dropped', why: 'Ollama has no such member' })
  if (message.name !== undefined)
    notes.push({ field: `${at}.name`, action: 'dropped', why: 'Ollama has no such member' })
  if (!own && (message.role === 'system' || message.role === 'developer'))
    return instruction(message, at, scope)
  const results: JsonObject[] = []
  const words: JsonObject = {}
  let text = ''
  let thinking = ''
  const images: string[] = []
  const calls: JsonObject[] = []
  for (const [index, part] of message.parts.entries()) {
    const field = `${at}.content[${index}]`
    noteCache(part, field, notes)
    switch (part.kind) {
      case 'text':
      case 'refusal':
        text += text === '' || own ? part.text : `\n${part.text}`
        break
      case 'reasoning':
        thinking += part.text
        if (part.sealed)
          notes.push({ field, action: 'approximated', why: 'its signature means nothing to Ollama' })
        break
      case 'tool_call': {
        names.set(part.id, part.name)
        const spelt = (isOwn(part.origin?.dialect) && part.origin?.shape) || {}
        calls.push({
          ...(spelt.id === 'absent' ? {} : { id: part.id }),
          function: {
            ...(own ? {} : { index: calls.length }),
            ...(spelt.index === undefined ? {} : { index: spelt.index }),
            name: part.name,
            arguments: callInput(part),
          },
        })
        break
      }
      case 'tool_result':
        results.push(result(part, field, scope, shape, message))
        break
      case 'media':
        if (part.source.type === 'text') text += `${text === '' ? '' : '\n'}${part.source.text}`
        else if (part.source.type === 'url' && part.media === 'image')
          throw invalid(field, `${field}: Ollama takes images as base64 only, not by URL`)
        else if (part.source.type === 'base64' && part.media === 'image') images.push(part.source.data)
        else notes.push({ field, action: 'dropped', why: `Ollama takes no ${part.media}` })
        break
      case 'opaque':
        notes.push({ field, action: 'dropped', why: `Ollama has no ${part.type} part` })
        break
      default:
        part satisfies never
    }
  }
  const said = text !== '' || images.length > 0 || calls.length > 0 || thinking !== ''
  if (results.length > 0 && !said) return results
  words.role = message.role === 'developer' ? 'system' : message.role
  if (shape.content === 'null') words.content = null
  else if (shape.content !== 'absent') words.content = text
  if (thinking !== '') words.thinking = thinking
  if (images.length > 0) words.images = images
  if (calls.length > 0) words.tool_calls = calls
  return [...results, own ? Object.assign(words, message.origin?.extras) : words]
}

/** Each piece of an instruction is a message of its own: joined, nobody could tell them apart again. */
function instruction(message: Message, at: string, { notes }: Scope): JsonObject[] {
  return message.parts.flatMap((part, index) => {
    const field = `${at}.content[${index}]`
    noteCache(part, field, notes)
    if (part.kind !== 'text') {
      notes.push({ field, action: 'dropped', why: 'instructions are text in Ollama' })
      return []
    }
    if (part.text.startsWith('x-anthropic-billing-header:')) {
      notes.push({ field, action: 'dropped', why: 'billing text for Anthropic alone' })
      return []
    }
    return [{ role: 'system', content: part.text }]
  })
}

function result(
  part: ToolResultPart,
  at: string,
  scope: Scope,
  shape: JsonObject,
  message: Message,
): JsonObject {
  const images: string[] = []
  const texts: string[] = []
  for (const [index, inner] of part.content.entries()) {
    const field = `${at}.content[${index}]`
    noteCache(inner, field, scope.notes)
    if (inner.kind === 'text') texts.push(inner.text)
    else if (inner.kind === 'media' && inner.media === 'image' && inner.source.type === 'base64')
      images.push(inner.source.data)
    else scope.notes.push({ field, action: 'dropped', why: 'a tool result of Ollama is text and images' })
  }
  if (part.isError === true)
    scope.notes.push({ field: `${at}.is_error`, action: 'dropped', why: 'Ollama has no such member' })
  const name = part.name ?? scope.names.get(part.callId)
  return {
    role: 'tool',
    ...(shape.content === 'absent' ? {} : { content: texts.join('\n') }),
    ...(images.length > 0 ? { images } : {}),
    ...(name === undefined ? {} : { tool_name: name }),
    ...(shape.callId === 'absent' ? {} : { tool_call_id: part.callId }),
    ...(scope.own ? message.origin?.extras : {}),
  }
}

function noteCache(part: Part, field: string, notes: Note[]): void {
  if (part.cache)
    notes.push({ field: `${field}.cache_control`, action: 'dropped', why: 'Ollama caches by itself' })
}
