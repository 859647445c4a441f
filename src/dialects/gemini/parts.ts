// Parts, both ways. A part is exactly one of text, blob, file, call, call result, or something only Google has (code
// execution, server tools), which stays whole; beside it may stand the thought flag and the thought signature, an opaque
// text that must come back on the very same part.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { Origin, Seal } from '../../core/origin.ts'
import type { MediaPart, Part, ToolCallPart, ToolResultPart } from '../../core/part.ts'
import { carrySeal, readReasoning, readSeal } from '../../core/seal.ts'
import { RAW_ARGUMENTS, parseInput } from '../../core/tool-input.ts'
import { originOf, ownExtras, ownShape } from './members.ts'
import { camelled, respelt, snakeOf } from './spelling.ts'

/** Ids made here, for calls that came without one; such a call goes back without one. */
export const MADE_ID = 'gcall_'

const PART = new Set([
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'thoughtSignature',
  'videoMetadata',
  'mediaResolution',
  'partMetadata',
])
const BLOB = new Set(['mimeType', 'fileUri', 'displayName'])
const RESULT = new Set(['willContinue'])

/** Hands out ids for calls without one, and finds the call that a result without one answers. */
export interface CallIds {
  call(id: string | undefined, name: string): string
  result(id: string | undefined, name: string): string
}

export interface ReadPart {
  part: Part
  /** Reasoning of another dialect that travelled on this part, and stood before the text that precedes it. */
  early: Part[]
  /** The same, but it stood right before the part. */
  before: Part[]
}

/** @param at place in a request, for the error that names a malformed part; undefined in answers. */
export function decodePart(wire: Json, ids: CallIds, at?: string): ReadPart {
  if (!isObject(wire)) {
    if (at !== undefined) throw invalid(at, `${at} must be an object`)
    return { part: { kind: 'opaque', dialect: 'gemini', type: '', value: wire }, early: [], before: [] }
  }
  const snake: string[] = []
  const read = camelled(wire, PART, snake)
  const signature = read.thoughtSignature
  const signed = typeof signature === 'string' && signature !== ''
  const travelled = signed ? readReasoning(signature) : undefined
  const sealed = signed && !travelled ? readSeal(signature, 'gemini', 'signature') : undefined
  const early: Part[] = []
  const before: Part[] = []
  for (const { part, early: first } of travelled ?? [])
    (first ? early : before).push({ ...part, origin: TRAVELLED })
  const found = knownPart(read, ids, snake, at)
  if (!found) {
    const type =
      Object.keys(read).find((key) => PART.has(key) && key !== 'thoughtSignature') ??
      Object.keys(read)[0] ??
      ''
    return { part: { kind: 'opaque', dialect: 'gemini', type, value: wire }, early, before }
  }
  const { part, known, shape } = found
  const kept = new Set(known)
  // An empty signature seals nothing and goes back as it came.
  if (signed) kept.add('thoughtSignature')
  if (sealed && part.kind !== 'tool_result' && part.kind !== 'opaque' && part.kind !== 'refusal')
    part.sealed = sealed
  if (snake.length > 0) shape.snake = snake
  const origin = originOf(unread(read, kept), shape)
  if (origin) part.origin = origin
  return { part, early, before }
}

/** Such reasoning is no part of its own here: it goes back inside a signature, or nowhere. */
const TRAVELLED: Origin = { dialect: 'gemini', shape: { travelled: true } }

interface Known {
  part: Part
  known: string[]
  shape: JsonObject
}

function knownPart(
  wire: JsonObject,
  ids: CallIds,
  snake: string[],
  at: string | undefined,
): Known | undefined {
  const shape: JsonObject = {}
  if (typeof wire.text === 'string')
    return wire.thought === true
      ? { part: { kind: 'reasoning', text: wire.text }, known: ['text', 'thought'], shape }
      : { part: { kind: 'text', text: wire.text }, known: ['text'], shape }
  if (isObject(wire.functionCall)) return callPart(wire.functionCall, ids, shape, at)
  if (isObject(wire.functionResponse)) return resultPart(wire.functionResponse, ids, snake, shape, at)
  for (const key of ['inlineData', 'fileData'] as const) {
    const blob = wire[key]
    if (!isObject(blob)) continue
    const part = mediaPart(camelled(blob, BLOB, snake, `${key}.`), key, shape)
    if (part) return { part, known: [key], shape }
    if (at !== undefined) throw invalid(`${at}.${key}`, `${at}.${key} must hold the data and its mimeType`)
  }
  return undefined
}

function callPart(
  call: JsonObject,
  ids: CallIds,
  shape: JsonObject,
  at: string | undefined,
): Known | undefined {
  if (typeof call.name !== 'string') {
    if (at !== undefined) throw invalid(`${at}.functionCall.name`, `${at}.functionCall.name must be a string`)
    return undefined
  }
  const id = typeof call.id === 'string' && call.id !== '' ? call.id : undefined
  if (id === undefined) shape.id = call.id === undefined ? 'absent' : 'empty'
  const { args } = call
  if (args === undefined || args === null) shape.args = args === null ? 'null' : 'absent'
  const rest = unread(call, new Set(['id', 'name', 'args']))
  if (Object.keys(rest).length > 0) shape.call = rest
  const part: ToolCallPart = {
    kind: 'tool_call',
    id: ids.call(id, call.name),
    name: call.name,
    arguments: JSON.stringify(args ?? {}),
  }
  return { part, known: ['functionCall'], shape }
}

function resultPart(
  wire: JsonObject,
  ids: CallIds,
  snake: string[],
  shape: JsonObject,
  at: string | undefined,
): Known | undefined {
  const result = camelled(wire, RESULT, snake, 'functionResponse.')
  if (typeof result.name !== 'string') {
    if (at !== undefined)
      throw invalid(`${at}.functionResponse.name`, `${at}.functionResponse.name must be a string`)
    return undefined
  }
  const id = typeof result.id === 'string' && result.id !== '' ? result.id : undefined
  if (id === undefined) shape.id = result.id === undefined ? 'absent' : 'empty'
  const { text, failed } = said(result.response)
  const known = ['id', 'name', 'response']
  const part: ToolResultPart = {
    kind: 'tool_result',
    callId: ids.result(id, result.name),
    name: result.name,
    content: text === '' ? [] : [{ kind: 'text', text }],
  }
  if (failed) part.isError = true
  if (Array.isArray(result.parts)) {
    known.push('parts')
    part.content.push(
      ...result.parts.map((inner, index) => decodePart(inner, ids, at && `${at}.parts[${index}]`).part),
    )
    if (result.parts.length === 0) shape.parts = 'empty'
  }
  // The object itself, for the way back: it says more than its text.
  if (result.response !== undefined) shape.response = result.response
  const rest = unread(result, new Set(known))
  if (Object.keys(rest).length > 0) shape.result = rest
  return { part, known: ['functionResponse'], shape }
}

/** What a result says: `output` and `error` are Google's names; any other object is its own text. */
function said(response: Json | undefined): { text: string; failed: boolean } {
  if (response === undefined || response === null) return { text: '', failed: false }
  if (!isObject(response)) return { text: JSON.stringify(response), failed: false }
  const keys = Object.keys(response)
  if (keys.length === 1)
    for (const key of ['output', 'error'] as const) {
      const value = response[key]
      if (value === undefined) continue
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return { text, failed: key === 'error' }
    }
  return { text: JSON.stringify(response), failed: false }
}

function mediaPart(
  blob: JsonObject,
  key: 'inlineData' | 'fileData',
  shape: JsonObject,
): MediaPart | undefined {
  const { mimeType, data, fileUri } = blob
  const type = typeof mimeType === 'string' ? mimeType : undefined
  const known = key === 'inlineData' ? ['mimeType', 'data'] : ['mimeType', 'fileUri']
  const rest = unread(blob, new Set(known))
  if (Object.keys(rest).length > 0) shape.blob = rest
  if (key === 'inlineData') {
    if (typeof data !== 'string') return undefined
    if (type === undefined) shape.mimeType = 'absent'
    const mediaType = type ?? 'application/octet-stream'
    return { kind: 'media', media: mediaOf(mediaType), source: { type: 'base64', mediaType, data } }
  }
  if (typeof fileUri !== 'string') return undefined
  // Only a video may come without its type: that is a YouTube address.
  return {
    kind: 'media',
    media: type === undefined ? 'video' : mediaOf(type),
    source: { type: 'url', url: fileUri, ...(type === undefined ? {} : { mediaType: type }) },
  }
}

function mediaOf(mimeType: string): MediaPart['media'] {
  const family = mimeType.slice(0, mimeType.indexOf('/'))
  return family === 'image' || family === 'audio' || family === 'video' ? family : 'document'
}

/** A part that came from this dialect, as it came; nothing for one of another. */
export function ownPart(part: Part): JsonObject[] {
  if (part.kind === 'opaque') return part.dialect === 'gemini' ? [part.value as JsonObject] : []
  const shape = ownShape(part.origin)
  const wire = plainPart(part, shape)
  if (!wire) return []
  if ('sealed' in part && part.sealed?.dialect === 'gemini') wire.thoughtSignature = part.sealed.value
  Object.assign(wire, ownExtras(part.origin))
  const snake = snakeOf(shape)
  for (const key of ['inlineData', 'fileData', 'functionResponse'] as const)
    if (isObject(wire[key])) respelt(wire[key], snake, `${key}.`)
  return [respelt(wire, snake)]
}

function plainPart(part: Exclude<Part, { kind: 'opaque' }>, shape: JsonObject): JsonObject | undefined {
  switch (part.kind) {
    case 'text':
      return { text: part.text }
    case 'refusal':
      return undefined
    case 'reasoning':
      // Another vendor's reasoning travelled inside a signature; it was never a part of its own here.
      return shape.travelled === true ? undefined : { text: part.text, thought: true }
    case 'tool_call': {
      const id = shape.id === 'empty' ? '' : shape.id === 'absent' ? undefined : part.id
      const args = shape.args === 'null' ? null : shape.args === 'absent' ? undefined : argsOf(part).args
      return {
        functionCall: {
          ...(id === undefined ? {} : { id }),
          name: part.name,
          ...(args === undefined ? {} : { args }),
          ...(isObject(shape.call) ? shape.call : {}),
        },
      }
    }
    case 'tool_result':
      return { functionResponse: ownResult(part, shape) }
    case 'media':
      return ownMedia(part, shape)
    default:
      return part satisfies never
  }
}

function ownResult(part: ToolResultPart, shape: JsonObject): JsonObject {
  const texts = part.content.filter((inner) => inner.kind === 'text')
  const media = part.content.filter((inner) => inner.kind !== 'text').flatMap(ownPart)
  const text = texts.map((inner) => inner.text).join('')
  const kept = shape.response
  // The object that came, unless somebody changed what it says.
  const response = said(kept).text === text ? kept : { [part.isError === true ? 'error' : 'output']: text }
  const id = shape.id === 'empty' ? '' : shape.id === 'absent' ? undefined : part.callId
  return {
    ...(id === undefined ? {} : { id }),
    name: part.name ?? '',
    ...(response === undefined ? {} : { response }),
    ...(media.length > 0 || shape.parts === 'empty' ? { parts: media } : {}),
    ...(isObject(shape.result) ? shape.result : {}),
  }
}

function ownMedia({ source }: MediaPart, shape: JsonObject): JsonObject | undefined {
  const more = isObject(shape.blob) ? shape.blob : {}
  if (source.type === 'base64')
    return {
      inlineData: {
        ...(shape.mimeType === 'absent' ? {} : { mimeType: source.mediaType }),
        data: source.data,
        ...more,
      },
    }
  if (source.type !== 'url') return undefined
  return {
    fileData: {
      ...(source.mediaType === undefined ? {} : { mimeType: source.mediaType }),
      fileUri: source.url,
      ...more,
    },
  }
}

/** The arguments of a call as the object this wire demands; `raw`: they were none, and stand under a name of their own. */
export function argsOf(part: ToolCallPart): { args: JsonObject; raw: boolean } {
  if (part.custom === true) return { args: { input: part.arguments }, raw: false }
  const args = parseInput(part.arguments)
  return args ? { args, raw: false } : { args: { [RAW_ARGUMENTS]: part.arguments }, raw: true }
}

/** The signature of a part as a caller of this dialect gets it. */
export const signatureOf = (sealed: Seal): string => carrySeal(sealed, 'gemini')
