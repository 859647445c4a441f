// Gemini's generateContent, read without its codec.

import { GoogleGenAI } from '@google/genai'
import { type Json, type JsonObject, isObject } from '../../../src/core/json.ts'
import { gemini } from '../../../src/dialects/gemini/index.ts'
import {
  type ChoiceFacts,
  type Facts,
  type FinishFact,
  type UsageFacts,
  argumentsOf,
  count,
  empty,
  eventPayloads,
  list,
  parse,
  text,
} from '../facts.ts'
import { geminiAsks } from '../gemini-asks.ts'
import { serving } from '../serving.ts'
import type { Wire } from './wire.ts'

export const geminiWire: Wire = {
  dialect: gemini,
  read(streamed, bytes) {
    const said = bytes.toString('utf8')
    if (streamed) return answerOf(eventPayloads(said).map(parse), false)
    const body = parse(said)
    return answerOf(Array.isArray(body) ? body : [body], true)
  },
  // A wrong key is said with 400 here, and with 401 everywhere else.
  plainStatus: (status, bytes) => (bytes.includes('API_KEY_INVALID') ? 401 : status),
  // A refusal in an answer is its text; Google's own stands beside it. Only addresses can be cited.
  holds: (facts, from) => ({
    ...facts,
    choices: facts.choices.map((choice) => ({
      ...choice,
      ...(from === 'gemini' ? {} : { text: choice.text + choice.refusal, refusal: '' }),
      citations: choice.citations.filter((cited) => from === 'gemini' || /^https?:/.test(cited)),
      others: [],
      finish: SAID[choice.finish ?? 'unknown'],
      tools: choice.tools.map((tool) => ({
        ...tool,
        arguments: isObject(tool.arguments) ? tool.arguments : { _raw_arguments: tool.arguments },
      })),
    })),
  }),
  face: {
    path: (model, streamed) =>
      `/v1beta/models/${encodeURIComponent(model)}:${streamed ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: (own) =>
      own ?? {
        contents: [{ role: 'user', parts: [{ text: 'hi' }] }],
        generationConfig: { thinkingConfig: { includeThoughts: true } },
      },
    judge: async (streamed, bytes) => answerOf(await byGoogle(streamed, bytes), !streamed),
    // The SDK reads recitations in the form of the API it is set to, and throws those of the other (Vertex) away.
    seen: (facts) => ({
      ...facts,
      choices: facts.choices.map((choice) => ({ ...choice, citations: [] })),
    }),
  },
  asks: geminiAsks,
}

/** The chunks as the official SDK hands them out. */
async function byGoogle(streamed: boolean, bytes: Buffer): Promise<unknown[]> {
  const client = new GoogleGenAI({
    apiKey: 'none',
    httpOptions: { baseUrl: 'http://127.0.0.1', fetch: serving(streamed, bytes) },
  })
  const request = { model: 'm', contents: 'hi' }
  const plain = (chunk: object): unknown => JSON.parse(JSON.stringify(chunk))
  if (!streamed) return [plain(await client.models.generateContent(request))]
  const chunks: unknown[] = []
  for await (const chunk of await client.models.generateContentStream(request)) chunks.push(plain(chunk))
  return chunks
}

const FINISH: Readonly<Record<string, FinishFact>> = {
  STOP: 'stop',
  1: 'stop',
  MAX_TOKENS: 'length',
  2: 'length',
  SAFETY: 'content_filter',
  3: 'content_filter',
  RECITATION: 'content_filter',
  4: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  MODEL_ARMOR: 'content_filter',
  OTHER: 'stop',
}

/** Words of ours that Google has no word for; calls end in STOP. */
const SAID: Readonly<Record<FinishFact, FinishFact>> = {
  stop: 'stop',
  stop_sequence: 'stop',
  tool_calls: 'stop',
  length: 'length',
  context_full: 'length',
  content_filter: 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  unknown: 'stop',
}

interface ChoiceState extends ChoiceFacts {
  /** A call whose arguments come under JSON paths. */
  growing?: { id: string; name: string; value: JsonObject }
  cited: Set<string>
}

function answerOf(chunks: readonly unknown[], whole: boolean): Facts {
  const choices = new Map<number, ChoiceState>()
  const at = (index: number): ChoiceState => {
    const found = choices.get(index) ?? { ...empty(), cited: new Set<string>() }
    choices.set(index, found)
    return found
  }
  let counts: JsonObject | undefined
  let error: string | undefined
  let complete = whole
  for (const chunk of chunks) {
    const body = Array.isArray(chunk) ? chunk[0] : chunk
    if (!isObject(body)) {
      error ??= whole ? 'not JSON' : undefined
      continue
    }
    if (isObject(body.error)) error ??= text(body.error.message) || JSON.stringify(body.error)
    if (isObject(body.usageMetadata)) counts = { ...counts, ...body.usageMetadata }
    const feedback = isObject(body.promptFeedback) ? body.promptFeedback : {}
    if (typeof feedback.blockReason === 'string' && list(body.candidates).length === 0) {
      const blocked = at(0)
      blocked.refusal = text(feedback.blockReasonMessage) || `The prompt was blocked: ${feedback.blockReason}`
      blocked.finish = 'content_filter'
      complete = true
    }
    for (const [position, candidate] of list(body.candidates).entries()) {
      const state = at(count(candidate.index) ?? position)
      if (addCandidate(state, candidate)) complete = true
    }
  }
  for (const state of choices.values()) grown(state)
  return {
    choices: [...choices.entries()]
      .toSorted((a, b) => a[0] - b[0])
      .map(([, { growing: _growing, cited: _cited, ...facts }]) => facts),
    usage: usageOf(counts),
    error,
    complete,
  }
}

/** true: it says how it ended. */
function addCandidate(into: ChoiceState, candidate: JsonObject): boolean {
  const content = isObject(candidate.content) ? candidate.content : {}
  for (const part of list(content.parts)) addPart(into, part)
  addCitations(into, candidate)
  const word = candidate.finishReason
  if (typeof word !== 'string' && typeof word !== 'number') return false
  into.finish = FINISH[word] ?? 'unknown'
  if (into.finish === 'content_filter') into.refusal = text(candidate.finishMessage)
  return true
}

function addPart(into: ChoiceState, part: JsonObject): void {
  if (typeof part.text === 'string') {
    if (part.thought === true) into.reasoning += part.text
    else into.text += part.text
    return
  }
  if (!isObject(part.functionCall)) {
    into.others.push(Object.keys(part)[0] ?? '')
    return
  }
  const call = part.functionCall
  const name = text(call.name)
  if (name !== '') {
    grown(into)
    if (call.willContinue !== true && call.partialArgs === undefined) {
      into.tools.push({ id: text(call.id), name, arguments: argumentsOf(call.args) })
      return
    }
    into.growing = { id: text(call.id), name, value: {} }
  }
  if (!into.growing) return
  for (const entry of list(call.partialArgs)) put(into.growing.value, entry)
  if (call.willContinue !== true) grown(into)
}

function grown(into: ChoiceState): void {
  if (!into.growing) return
  const { id, name, value } = into.growing
  delete into.growing
  into.tools.push({ id, name, arguments: value })
}

/** Sets one value under its path; a string grows. */
function put(root: JsonObject, entry: JsonObject): void {
  const steps = text(entry.jsonPath).slice(1).replaceAll('[', '.').replaceAll(']', '').split('.').slice(1)
  let node: Record<string, Json | undefined> = root
  for (const [index, step] of steps.slice(0, -1).entries()) {
    const made: Json = /^\d+$/.test(steps[index + 1] ?? '') ? [] : {}
    node[step] ??= made
    node = node[step] as unknown as Record<string, Json | undefined>
  }
  const last = steps.at(-1) ?? ''
  if (typeof entry.stringValue === 'string') node[last] = text(node[last]) + entry.stringValue
  else node[last] = entry.numberValue ?? entry.boolValue ?? null
}

function addCitations(into: ChoiceState, candidate: JsonObject): void {
  const add = (what: string, key: unknown): void => {
    const known = JSON.stringify(key)
    if (into.cited.has(known)) return
    into.cited.add(known)
    into.citations.push(what)
  }
  const grounding = isObject(candidate.groundingMetadata) ? candidate.groundingMetadata : {}
  const chunks = list(grounding.groundingChunks)
  for (const [place, support] of list(grounding.groundingSupports).entries()) {
    const segment = isObject(support.segment) ? support.segment : {}
    for (const index of Array.isArray(support.groundingChunkIndices) ? support.groundingChunkIndices : []) {
      const chunk = typeof index === 'number' ? chunks[index] : undefined
      if (!chunk) continue
      const source = Object.values(chunk).find(isObject) ?? {}
      add(text(source.uri) || text(segment.text), [place, segment, chunk])
    }
  }
  const recited = isObject(candidate.citationMetadata) ? candidate.citationMetadata : {}
  for (const source of list(recited.citationSources ?? recited.citations)) add(text(source.uri), source)
}

function usageOf(wire: JsonObject | undefined): UsageFacts | undefined {
  if (!wire) return undefined
  const prompt = count(wire.promptTokenCount)
  const candidates = count(wire.candidatesTokenCount)
  const thoughts = count(wire.thoughtsTokenCount)
  if (prompt === undefined && candidates === undefined && thoughts === undefined) return undefined
  return {
    input: prompt === undefined ? undefined : prompt + (count(wire.toolUsePromptTokenCount) ?? 0),
    output: (candidates ?? 0) + (thoughts ?? 0),
    cacheRead: count(wire.cachedContentTokenCount) ?? 0,
  }
}
