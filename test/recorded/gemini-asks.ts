// What a generateContent request asks for, read plainly: the conversation as atoms, and every setting by its own name.

import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import { canonical, list, text } from './facts.ts'
import type { Asks } from './wires/wire.ts'

/** Both spellings of every member of Google's own; keys of the caller's schemas and arguments stay. */
const FREE = new Set([
  'args',
  'response',
  'properties',
  'parametersJsonSchema',
  'responseJsonSchema',
  'parameters',
  'responseSchema',
  'labels',
])

export function camel(value: Json, free = false): Json {
  if (Array.isArray(value)) return value.map((item) => camel(item, free))
  if (!isObject(value) || free) return value
  const out: JsonObject = {}
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    out[name] = camel(inner, FREE.has(name))
  }
  return out
}

/** Settings under one roof each (`generationConfig`, `toolConfig`) stand at the root, so that each is compared alone. */
function flat(given: JsonObject): JsonObject {
  const body = camel(given) as JsonObject
  const { generationConfig, toolConfig, ...rest } = body
  const config: JsonObject = isObject(generationConfig) ? { ...generationConfig } : {}
  const tools = isObject(toolConfig) ? toolConfig : {}
  const { functionCallingConfig, ...more } = tools
  const thinking = isObject(config.thinkingConfig) ? config.thinkingConfig : undefined
  delete config.thinkingConfig
  return {
    ...rest,
    ...config,
    ...(thinking ? { thinkingConfig: thinking } : {}),
    ...(functionCallingConfig === undefined ? {} : { functionCallingConfig }),
    ...(Object.keys(more).length > 0 ? { toolConfig: more } : {}),
  }
}

export const geminiAsks: Asks = {
  flat,
  conversation: ['contents', 'systemInstruction', 'model'],
  // What a note of another dialect calls it.
  twins: {
    maxOutputTokens: ['maxOutputTokens', 'max_output_tokens', 'max_tokens'],
    topK: ['topK', 'top_k'],
    topP: ['topP', 'top_p'],
    stopSequences: ['stopSequences', 'stop'],
    candidateCount: ['candidateCount', 'n'],
    thinkingConfig: ['thinkingConfig', 'thinking', 'reasoning', 'output_config', 'reasoning_effort'],
    functionCallingConfig: ['functionCallingConfig', 'tool_choice', 'toolConfig'],
    responseMimeType: ['responseMimeType', 'response_format', 'output_config'],
    responseJsonSchema: ['responseJsonSchema', 'responseSchema', 'response_format', 'output_config'],
    responseSchema: ['responseSchema', 'responseJsonSchema', 'response_format', 'output_config'],
    serviceTier: ['serviceTier', 'service_tier'],
    presencePenalty: ['presencePenalty', 'presence_penalty'],
    frequencyPenalty: ['frequencyPenalty', 'frequency_penalty'],
    responseModalities: ['responseModalities', 'generationConfig'],
    imageConfig: ['imageConfig', 'generationConfig'],
    mediaResolution: ['mediaResolution', 'generationConfig'],
    speechConfig: ['speechConfig', 'generationConfig'],
  },
  same(name, before, after) {
    if (canonical(before) === canonical(after)) return true
    if (before === null || (Array.isArray(before) && before.length === 0))
      return after === undefined || after === null
    if (name === 'candidateCount' && before === 1) return true
    // Text is what every answer is.
    if (name === 'responseModalities') return canonical(before).toUpperCase() === '["TEXT"]'
    if (name === 'tools') return canonical(toolFacts(before)) === canonical(toolFacts(after))
    if (name === 'functionCallingConfig')
      return canonical(choiceFacts(before)) === canonical(choiceFacts(after))
    if (name === 'thinkingConfig') return canonical(thinkingFacts(before)) === canonical(thinkingFacts(after))
    if (name === 'responseSchema' || name === 'responseJsonSchema')
      return canonical(schemaFacts(before)) === canonical(schemaFacts(after))
    return false
  },
  atoms,
}

/** AUTO is what nothing says; names say the same as a list of one. */
function choiceFacts(choice: Json | undefined): Json {
  if (!isObject(choice)) return { mode: 'AUTO', names: [] }
  const mode = text(choice.mode) === 'VALIDATED' || text(choice.mode) === '' ? 'AUTO' : text(choice.mode)
  return { mode, names: choice.allowedFunctionNames ?? [] }
}

/** How much to think is a word, wherever it comes from; whether thoughts are shown is decided when they come back. */
function thinkingFacts(thinking: Json | undefined): Json {
  if (!isObject(thinking)) return {}
  const { thinkingLevel: level, thinkingBudget: budget } = thinking
  return {
    ...(typeof level === 'string' ? { level: level.toUpperCase() } : {}),
    ...(typeof budget === 'number' && budget >= 0 ? { budget } : {}),
  }
}

function toolFacts(tools: Json | undefined): Json {
  const entries = Array.isArray(tools) ? list(tools) : isObject(tools) ? [tools] : []
  return entries.flatMap((entry) =>
    Object.entries(entry).flatMap(([name, value]): Json[] =>
      name === 'functionDeclarations'
        ? list(Array.isArray(value) ? value : [value]).map((one) => ({
            name: one.name ?? null,
            description: one.description ?? null,
            schema: schemaFacts(one.parametersJsonSchema ?? one.parameters),
          }))
        : [{ [name]: value ?? null }],
    ),
  )
}

/** Google's own form and JSON Schema say the same in other words; a schema without properties says nothing. */
function schemaFacts(schema: Json | undefined): Json {
  if (!isObject(schema)) return null
  const { properties } = schema
  const none = properties === undefined || (isObject(properties) && Object.keys(properties).length === 0)
  return none &&
    schema.anyOf === undefined &&
    schema.items === undefined &&
    schema.$ref === undefined &&
    schema.enum === undefined
    ? null
    : plain(schema)
}

const TYPES = ['', 'string', 'number', 'integer', 'boolean', 'array', 'object', 'null']

function plain(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(plain)
  if (!isObject(schema)) return schema
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(schema)) {
    if (value === undefined || key === 'propertyOrdering' || key === 'nullable' || key === '$schema') continue
    // Closed objects are what other wires make of every schema.
    if (key === 'additionalProperties' && value === false) continue
    out[key] =
      key === 'type' && typeof value === 'string'
        ? value.toLowerCase()
        : key === 'type' && typeof value === 'number'
          ? (TYPES[value] ?? value)
          : plain(value)
  }
  if (schema.nullable === true && typeof out.type === 'string') out.type = [out.type, 'null']
  return out
}

function atoms(given: JsonObject): string[] {
  const body = camel(given) as JsonObject
  const out: { role: string; kind: string; value: string }[] = []
  const add = (role: string, kind: string, value: string): void => {
    const last = out.at(-1)
    if (kind === 'text' && value.trim() === '') return
    if (kind === 'text' && last?.kind === 'text' && last.role === role) last.value += value
    else out.push({ role, kind, value })
  }
  const system = body.systemInstruction
  for (const part of isObject(system) ? partsOf(system) : []) add('system', 'text', text(part.text))
  for (const content of list(body.contents)) {
    const role = text(content.role) === 'model' ? 'model' : 'user'
    for (const part of partsOf(content)) {
      if (typeof part.text === 'string') add(role, part.thought === true ? 'thought' : 'text', part.text)
      else if (isObject(part.functionCall))
        add(role, 'call', `${text(part.functionCall.name)} ${canonical(part.functionCall.args ?? {})}`)
      else if (isObject(part.functionResponse))
        add(
          'user',
          'result',
          `${text(part.functionResponse.name)} ${canonical(said(part.functionResponse.response))}`,
        )
      else if (isObject(part.inlineData))
        add(role, 'blob', `${text(part.inlineData.mimeType)} ${text(part.inlineData.data)}`)
      else if (isObject(part.fileData)) add(role, 'file', text(part.fileData.fileUri))
      else add(role, Object.keys(part)[0] ?? '', canonical(part))
    }
  }
  return out.map(({ role, kind, value }) => `${role} ${kind} ${value}`)
}

function partsOf(content: JsonObject): JsonObject[] {
  return Array.isArray(content.parts) ? list(content.parts) : isObject(content.parts) ? [content.parts] : []
}

/** A text, the object that holds it under `output`, and its JSON text say the same. */
function said(response: Json | undefined): Json {
  if (!isObject(response)) return response ?? null
  const keys = Object.keys(response)
  const only = keys.length === 1 ? (response.output ?? response.error) : undefined
  if (only === undefined) return response
  if (typeof only !== 'string') return only
  try {
    return JSON.parse(only) as Json
  } catch {
    return only
  }
}
