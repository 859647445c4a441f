// A generateContent request to canonical. Everything unread is kept in `extras`, and how read members were spelt in
// `shape`, so that encoding to the same dialect gives the same JSON back.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { unread } from '../../core/members.ts'
import type { GenerationRequest, ReasoningControl } from '../../core/request.ts'
import { numberMember, wrongType } from './members.ts'
import { decodeContents, decodeInstruction } from './contents-decode.ts'
import { jsonSchemaOf } from './schema.ts'
import { camelled } from './spelling.ts'
import { decodeToolConfig, decodeTools } from './tools-decode.ts'

const ROOT = new Set([
  'model',
  'stream',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'serviceTier',
])
const SPELT = new Set([...ROOT, 'safetySettings', 'cachedContent', 'continuationToken'])
const CONFIG = new Set([
  'temperature',
  'topP',
  'topK',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'candidateCount',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'thinkingConfig',
])
const THINKING = new Set(['includeThoughts', 'thinkingBudget', 'thinkingLevel'])

/**
 * The path says the model and whether to stream: the gateway adds both as members.
 * @throws GatewayError `invalid_request` whose `param` names the member.
 */
export function decodeRequest(given: JsonObject): GenerationRequest {
  const snake: string[] = []
  const shape: JsonObject = {}
  const wire = camelled(given, SPELT, snake)
  const extras = unread(wire, ROOT)
  const { model } = wire
  if (model !== undefined && typeof model !== 'string') throw wrongType('model', 'a string', model)
  // The message has the member too, with the resource's full name; written back where it came in the body.
  if (model?.startsWith('models/') === true) shape.model = true
  const request: GenerationRequest = {
    dialect: 'gemini',
    model: model ?? '',
    messages: decodeContents(wire.contents),
    stream: wire.stream === true,
    includeUsage: true,
  }
  if (wire.systemInstruction !== undefined && wire.systemInstruction !== null)
    request.messages.unshift(decodeInstruction(wire.systemInstruction, {}))
  else if (wire.systemInstruction === null) extras.systemInstruction = null
  if (wire.serviceTier !== undefined) {
    if (typeof wire.serviceTier === 'string') request.serviceTier = wire.serviceTier
    else extras.serviceTier = wire.serviceTier
  }
  if (wire.tools !== undefined) decodeTools(wire.tools, request, shape)
  if (wire.toolConfig !== undefined) decodeToolConfig(wire.toolConfig, request, shape, extras)
  if (wire.generationConfig !== undefined) decodeConfig(wire.generationConfig, request, shape, extras)
  if (snake.length > 0) shape.snake = snake
  request.origin = {
    dialect: 'gemini',
    ...(Object.keys(extras).length > 0 ? { extras } : {}),
    ...(Object.keys(shape).length > 0 ? { shape } : {}),
  }
  return request
}

function decodeConfig(given: Json, request: GenerationRequest, shape: JsonObject, extras: JsonObject): void {
  if (!isObject(given)) throw wrongType('generationConfig', 'an object', given)
  const snake: string[] = []
  const wire = camelled(given, CONFIG, snake)
  const config: JsonObject = {}
  const at = (name: string): string => `generationConfig.${name}`
  const number = (name: string): number | null => numberMember(wire, name, at(name))
  if (wire.temperature !== undefined) request.temperature = number('temperature')
  if (wire.topP !== undefined) request.topP = number('topP')
  if (wire.topK !== undefined) request.topK = number('topK')
  if (wire.maxOutputTokens !== undefined) request.maxOutputTokens = number('maxOutputTokens')
  if (wire.seed !== undefined) request.seed = number('seed')
  if (wire.candidateCount !== undefined) request.n = number('candidateCount')
  if (wire.presencePenalty !== undefined) request.presencePenalty = number('presencePenalty')
  if (wire.frequencyPenalty !== undefined) request.frequencyPenalty = number('frequencyPenalty')
  if (wire.logprobs !== undefined) request.topLogprobs = number('logprobs')
  if (wire.responseLogprobs !== undefined) {
    const flag = wire.responseLogprobs
    if (flag !== null && typeof flag !== 'boolean')
      throw wrongType(at('responseLogprobs'), 'true or false', flag)
    request.logprobs = flag
  }
  if (wire.stopSequences !== undefined) {
    const stop = wire.stopSequences
    if (stop === null) request.stop = null
    else if (Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')) request.stop = stop
    else throw wrongType(at('stopSequences'), 'a list of strings', stop)
  }
  decodeFormat(wire, request, config)
  if (wire.thinkingConfig !== undefined) decodeThinking(wire.thinkingConfig, request, config, snake)
  const rest = unread(wire, CONFIG)
  // Text is what every answer is: no other dialect loses anything by not saying so.
  const plain = JSON.stringify(rest.responseModalities)
  if (plain === '["TEXT"]' || plain === '["Text"]') {
    config.responseModalities = rest.responseModalities
    delete rest.responseModalities
  }
  if (Object.keys(rest).length > 0) extras.generationConfig = rest
  if (snake.length > 0) config.snake = snake
  shape.config = config
}

/** `responseMimeType` and one of two schemas. */
function decodeFormat(wire: JsonObject, request: GenerationRequest, config: JsonObject): void {
  const { responseMimeType: type, responseJsonSchema: free, responseSchema: own } = wire
  const field = free !== undefined ? 'responseJsonSchema' : own !== undefined ? 'responseSchema' : undefined
  const schema = free ?? own
  if (type !== undefined) config.mimeType = type
  if (type === 'application/json' && field !== undefined && isObject(schema)) {
    config.format = { [field]: schema }
    request.responseFormat = {
      type: 'json_schema',
      // Chat wants a name; there is none here.
      name: 'response',
      // gemini-cli writes Google's upper-case types into the free form as well.
      schema:
        field === 'responseJsonSchema' && !/"type":"[A-Z]/.test(JSON.stringify(schema))
          ? schema
          : jsonSchemaOf(schema),
    }
  } else if (type === 'application/json' && field === undefined) request.responseFormat = { type: 'json' }
  else if (type === 'text/plain' && field === undefined) request.responseFormat = { type: 'text' }
  else if (type !== undefined || field !== undefined) {
    const value: JsonObject = {
      ...(type === undefined ? {} : { responseMimeType: type }),
      ...(free === undefined ? {} : { responseJsonSchema: free }),
      ...(own === undefined ? {} : { responseSchema: own }),
    }
    request.responseFormat = { type: 'opaque', dialect: 'gemini', value }
  }
}

/** A budget of 0 is "do not think", -1 leaves it to the model. */
function decodeThinking(given: Json, request: GenerationRequest, config: JsonObject, snake: string[]): void {
  if (!isObject(given)) {
    if (given === null) {
      config.thinking = null
      return
    }
    throw wrongType('generationConfig.thinkingConfig', 'an object', given)
  }
  const wire = camelled(given, THINKING, snake, 'thinkingConfig.')
  const { includeThoughts, thinkingBudget: budget, thinkingLevel: level } = wire
  if (budget !== undefined && budget !== null && typeof budget !== 'number')
    throw invalid('generationConfig.thinkingConfig.thinkingBudget', 'thinkingBudget must be a number')
  const control: ReasoningControl = {}
  if (typeof level === 'string') control.effort = level.toLowerCase()
  else if (budget === 0) control.effort = 'none'
  if (typeof budget === 'number' && budget > 0) control.budgetTokens = budget
  if (typeof includeThoughts === 'boolean') control.display = includeThoughts ? 'summarized' : 'omitted'
  // The object itself goes back: what it says stands in three members that the control only sums up.
  config.thinking = { ...wire }
  request.reasoning = control
}
