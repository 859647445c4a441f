// A completions request to a canonical one: the prompt is one user message. What has no word (suffix, best_of ...) is kept
// for hosts of the same dialect.

import { invalid } from '../../core/error.ts'
import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { originFrom } from '../../core/members.ts'
import type { GenerationRequest } from '../../core/request.ts'
import { bool, number, object, rest, string } from '../openai-family/members.ts'

const ROOT = new Set([
  'model',
  'prompt',
  'max_tokens',
  'temperature',
  'top_p',
  'n',
  'stream',
  'stream_options',
  'logprobs',
  'echo',
  'stop',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'seed',
  'user',
])

/** @throws GatewayError `invalid_request` whose `param` names the member. */
export function decodeRequest(wire: JsonObject): GenerationRequest {
  const shape: JsonObject = {}
  const request: GenerationRequest = {
    dialect: 'openai-completions',
    model: typeof wire.model === 'string' ? wire.model : '',
    messages: [{ role: 'user', parts: [{ kind: 'text', text: promptOf(wire.prompt, shape) }] }],
    stream: wire.stream === true,
  }
  if (wire.stream !== undefined) shape.stream = wire.stream
  if (wire.max_tokens !== undefined) request.maxOutputTokens = number(wire, 'max_tokens')
  if (wire.temperature !== undefined) request.temperature = number(wire, 'temperature')
  if (wire.top_p !== undefined) request.topP = number(wire, 'top_p')
  if (wire.n !== undefined) request.n = number(wire, 'n')
  if (wire.presence_penalty !== undefined) request.presencePenalty = number(wire, 'presence_penalty')
  if (wire.frequency_penalty !== undefined) request.frequencyPenalty = number(wire, 'frequency_penalty')
  if (wire.seed !== undefined) request.seed = number(wire, 'seed')
  if (wire.logit_bias !== undefined) request.logitBias = object(wire, 'logit_bias')
  if (wire.user !== undefined) request.user = string(wire, 'user')
  if (wire.echo !== undefined) shape.echo = bool(wire, 'echo')
  if (wire.logprobs !== undefined) decodeLogprobs(wire, request, shape)
  if (wire.stop !== undefined) request.stop = stopOf(wire.stop, shape)
  if (wire.stream_options !== undefined) {
    shape.streamOptions = wire.stream_options
    if (isObject(wire.stream_options)) request.includeUsage = wire.stream_options.include_usage === true
  }
  const origin = originFrom('openai-completions', rest(wire, ROOT), shape)
  if (origin) request.origin = origin
  return request
}

/** One text, or a list of one. Lists of several and of tokens are what only a host of this dialect can answer. */
function promptOf(prompt: Json | undefined, shape: JsonObject): string {
  if (typeof prompt === 'string') return prompt
  if (Array.isArray(prompt) && prompt.length === 1 && typeof prompt[0] === 'string') {
    shape.prompt = 'list'
    return prompt[0]
  }
  if (prompt === undefined || prompt === null) throw invalid('prompt', 'prompt is missing')
  if (Array.isArray(prompt) && prompt.length > 0)
    throw invalid(
      'prompt',
      'this model is reached through a chat dialect, which takes one prompt of text a call: send the prompts one by one',
    )
  throw invalid('prompt', 'prompt must be a text')
}

/** A number of alternatives where Chat has a switch and a number. */
function decodeLogprobs(wire: JsonObject, request: GenerationRequest, shape: JsonObject): void {
  const alternatives = number(wire, 'logprobs')
  shape.logprobs = alternatives
  if (alternatives === null) return
  request.logprobs = true
  request.topLogprobs = alternatives
}

function stopOf(stop: Json, shape: JsonObject): string[] | null {
  if (stop === null) return null
  if (typeof stop === 'string') {
    shape.stop = 'string'
    return [stop]
  }
  if (Array.isArray(stop) && stop.every((entry) => typeof entry === 'string')) return stop
  throw invalid('stop', 'stop must be a string or a list of strings')
}
