// Which of its vendor's published schemas an answer of each dialect must hold by. The descriptions lie outside this
// repository; where one is absent, its answers are not checked, and a line says so.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import type { DialectId } from '../../src/core/origin.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { type Check, compileSchemas } from './schema.ts'

const FOLDER = process.env.PUBLISHED_SPECS ?? join(import.meta.dirname, '../../../shared/specs')

/** What callers get that has a schema: an answer of a dialect, or of a plain operation. */
export type AnswerKind = DialectId | 'openai-embeddings' | 'openai-compaction' | 'ollama-embed'
/** A whole answer, one payload of a stream, or a failure (of the call, or in the stream). */
type Form = 'whole' | 'event' | 'error'

type SpecFile = 'openai' | 'anthropic' | 'gemini' | 'ollama'

interface Row {
  file: SpecFile
  whole: string
  event?: string
  error: string
}

const openai = { file: 'openai', error: 'ErrorResponse' } as const
const ollama = { file: 'ollama', error: 'ErrorResponse' } as const

/** Bedrock's and Cohere's answers are never ours: no caller speaks them. */
const ROWS: Readonly<Partial<Record<AnswerKind, Row>>> = {
  'openai-chat': {
    ...openai,
    whole: 'CreateChatCompletionResponse',
    event: 'CreateChatCompletionStreamResponse',
  },
  'openai-responses': { ...openai, whole: 'Response', event: 'ResponseStreamEvent' },
  'openai-completions': { ...openai, whole: 'CreateCompletionResponse', event: 'CreateCompletionResponse' },
  'openai-embeddings': { ...openai, whole: 'CreateEmbeddingResponse' },
  'openai-compaction': { ...openai, whole: 'CompactResource' },
  'anthropic-messages': {
    file: 'anthropic',
    whole: 'Message',
    event: 'MessageStreamEvent',
    error: 'ErrorResponse',
  },
  gemini: {
    file: 'gemini',
    whole: 'GenerateContentResponse',
    event: 'GenerateContentResponse',
    error: 'Status',
  },
  ollama: { ...ollama, whole: 'ChatResponse', event: 'ChatStreamEvent' },
  'ollama-generate': { ...ollama, whole: 'GenerateResponse', event: 'GenerateStreamEvent' },
  'ollama-embed': { ...ollama, whole: 'EmbedResponse' },
}

/** What breaks the published schemas in an answer, each line once wherever it is broken, without the listed exceptions. */
export function violations(kind: AnswerKind, streamed: boolean, bytes: Buffer | string): string[] {
  return broken(kind, streamed, bytes).filter((line) => EXCEPTIONS[withoutPlace(line)] === undefined)
}

/** The same with the exceptions: `openai-chat event.choices[0].delta.role is no string: 5`. */
export function broken(kind: AnswerKind, streamed: boolean, bytes: Buffer | string): string[] {
  const row = ROWS[kind]
  if (!row) return []
  const found = new Map<string, string>()
  for (const payload of streamed ? payloads(kind, bytes.toString()) : [bytes.toString()]) {
    const value: unknown = JSON.parse(payload)
    const form = isFailure(kind, value) ? 'error' : streamed ? 'event' : 'whole'
    for (const problem of check(row, form, value)) {
      const line = `${kind} ${form}${problem}`
      const key = withoutPlace(line)
      if (!found.has(key)) found.set(key, line)
    }
  }
  return [...found.values()]
}

/** The same of any other answer, by the name of its schema. */
export function schemaViolations(file: SpecFile, name: string, value: unknown): string[] {
  return schema(
    { file },
    name,
  )(value)
    .map((problem) => `${file} ${name}${problem}`)
    .filter((line) => EXCEPTIONS[withoutPlace(line)] === undefined)
}

/** A line without indexes: how exceptions name it. */
export const withoutPlace = (line: string): string => line.replaceAll(/\[\d+\]/g, '[]')

function check(row: Row, form: Form, value: unknown): readonly string[] {
  const name = row[form]
  if (name === undefined) return []
  // Anthropic's union of events leaves the keep-alive out, as it may come at any time.
  if (row.file === 'anthropic' && isObject(value) && value.type === 'ping') return []
  // Google's description has the inside of an error alone.
  if (row.file === 'gemini' && form === 'error') return schema(row, name)((value as JsonObject).error)
  return schema(row, name)(value)
}

/** A Response has an `error` of its own, and its stream an event named so. */
function isFailure(kind: AnswerKind, value: unknown): boolean {
  return isObject(value) && isObject(value.error) && value.object === undefined
    ? true
    : kind.startsWith('ollama') && isObject(value) && typeof value.error === 'string'
}

function payloads(kind: AnswerKind, text: string): string[] {
  if (kind.startsWith('ollama')) return text.split('\n').filter((line) => line.trim() !== '')
  return [...text.matchAll(/^data: ?(.*)$/gm)]
    .map((match) => match[1] as string)
    .filter((data) => data !== '' && data !== '[DONE]')
}

export const specsPresent = existsSync(FOLDER)

const files = new Map<string, (name: string) => Check>()
const checks = new Map<string, Check>()

function schema({ file }: Pick<Row, 'file'>, name: string): Check {
  const key = `${file} ${name}`
  const known = checks.get(key)
  if (known) return known
  const found = schemasOf(file)(name)
  checks.set(key, found)
  return found
}

function schemasOf(file: SpecFile): (name: string) => Check {
  const known = files.get(file)
  if (known) return known
  const path = join(FOLDER, `${file}.openapi.json`)
  let read: (name: string) => Check = () => () => []
  if (existsSync(path)) {
    const document = JSON.parse(readFileSync(path, 'utf8')) as { components: { schemas: JsonObject } }
    read = compileSchemas(document.components.schemas)
  } else console.log(`skipped: no ${file}.openapi.json at hand, answers are not validated against it`)
  files.set(file, read)
  return read
}
