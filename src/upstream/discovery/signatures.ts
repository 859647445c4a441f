// How to tell model servers apart: what each says at which path. Many imitate each other's lists, so the decisive answer
// is one only that server gives; the order below breaks ties. Everything is a GET and nothing loads a model.

import { type Json, isObject } from '../../core/json.ts'

export interface Said {
  status: number
  text: string
  /** Undefined when the body is no JSON. */
  json: Json | undefined
  headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What an address said, by path; undefined: nothing. */
export type Answers = (path: string) => Said | undefined

export interface Signature {
  kind: string
  title: string
  /** The provider record with its quirks. */
  record: string
  /** The port it listens on unless told otherwise. */
  port: number
  /** Paths asked beside /v1/models and /api/tags. */
  asks: readonly string[]
  /** Where the API starts. */
  base: string
  /** What gave it away; undefined: it is something else. */
  matches(answers: Answers): string | undefined
}

const MODELS = '/v1/models'

function json(answers: Answers, path: string): Json | undefined {
  const said = answers(path)
  return said?.status === 200 ? said.json : undefined
}

function rows(answers: Answers, path: string): Json[] {
  const body = json(answers, path)
  const list = isObject(body) ? (body.data ?? body.models) : body
  return Array.isArray(list) ? list : []
}

function ownedBy(answers: Answers, owner: RegExp): string | undefined {
  const found = rows(answers, MODELS).some(
    (row) => isObject(row) && typeof row.owned_by === 'string' && owner.test(row.owned_by),
  )
  return found ? `${MODELS} says owned_by ${owner.source.replace(/[\^$]/g, '')}` : undefined
}

function has(body: Json | undefined, ...members: string[]): boolean {
  return isObject(body) && members.every((name) => body[name] !== undefined)
}

/** In the order in which they are tried; the first that matches is it. */
export const SIGNATURES: readonly Signature[] = [
  {
    kind: 'trunkline',
    title: 'Trunkline',
    record: 'openai-compatible',
    port: 4000,
    asks: [],
    base: '/v1',
    matches: (answers) =>
      answers(MODELS)?.headers['x-trunkline-instance'] === undefined
        ? undefined
        : 'it says x-trunkline-instance',
  },
  {
    kind: 'lmstudio',
    title: 'LM Studio',
    record: 'lmstudio',
    port: 1234,
    asks: ['/api/v1/models', '/api/v0/models'],
    base: '/v1',
    matches(answers) {
      if (rows(answers, '/api/v1/models').some((row) => has(row, 'key', 'type')))
        return '/api/v1/models lists keys'
      if (rows(answers, '/api/v0/models').some((row) => has(row, 'state')))
        return '/api/v0/models lists states'
      // It answers 200 to every unknown path (lmstudio #618).
      const odd = ['/api/tags', '/api/v1/models', '/api/v0/models'].find((path) => {
        const body = json(answers, path)
        return (
          isObject(body) && typeof body.error === 'string' && body.error.startsWith('Unexpected endpoint')
        )
      })
      return odd === undefined
        ? ownedBy(answers, /^organization_owner$/)
        : `${odd} is an "unexpected endpoint" with 200`
    },
  },
  {
    kind: 'llama-swap',
    title: 'llama-swap',
    record: 'llamacpp',
    port: 8080,
    asks: ['/running'],
    base: '/v1',
    matches(answers) {
      const running = json(answers, '/running')
      if (isObject(running) && Array.isArray(running.running)) return '/running lists what runs'
      const swapped = rows(answers, MODELS).some((row) => isObject(row) && has(row.meta, 'llamaswap'))
      return swapped ? `${MODELS} has meta.llamaswap` : undefined
    },
  },
  {
    kind: 'llamacpp',
    title: 'llama.cpp',
    record: 'llamacpp',
    port: 8080,
    asks: ['/props'],
    base: '/v1',
    matches(answers) {
      if (has(json(answers, '/props'), 'default_generation_settings'))
        return '/props has default_generation_settings'
      return ownedBy(answers, /^llamacpp$/)
    },
  },
  {
    kind: 'sglang',
    title: 'SGLang',
    record: 'sglang',
    port: 30_000,
    asks: ['/get_model_info', '/model_info'],
    base: '/v1',
    matches(answers) {
      const path = ['/get_model_info', '/model_info'].find((one) => has(json(answers, one), 'model_path'))
      return path === undefined ? ownedBy(answers, /^sglang$/) : `${path} has model_path`
    },
  },
  {
    kind: 'vllm',
    title: 'vLLM',
    record: 'vllm',
    port: 8000,
    asks: ['/version'],
    base: '/v1',
    matches(answers) {
      const owned = ownedBy(answers, /^vllm$/)
      if (owned !== undefined) return owned
      const sized = rows(answers, MODELS).some((row) => has(row, 'max_model_len'))
      return sized && has(json(answers, '/version'), 'version')
        ? '/version, and max_model_len in the list'
        : undefined
    },
  },
  {
    kind: 'tgi',
    title: 'Text Generation Inference',
    record: 'openai-compatible',
    port: 3000,
    asks: ['/info'],
    base: '/v1',
    matches: (answers) =>
      has(json(answers, '/info'), 'model_id', 'max_concurrent_requests')
        ? '/info has model_id and its limits'
        : undefined,
  },
  {
    kind: 'docker-model-runner',
    title: 'Docker Model Runner',
    record: 'openai-compatible',
    port: 12_434,
    asks: ['/engines/v1/models'],
    base: '/engines/v1',
    matches: (answers) =>
      rows(answers, '/engines/v1/models').length > 0 ? '/engines/v1/models is a list' : undefined,
  },
  {
    kind: 'localai',
    title: 'LocalAI',
    record: 'openai-compatible',
    port: 8080,
    asks: ['/v1/models/capabilities', '/readyz'],
    base: '/v1',
    matches(answers) {
      if (rows(answers, '/v1/models/capabilities').length > 0) return '/v1/models/capabilities is a list'
      const ready = answers('/readyz')?.status === 200
      const bare = rows(answers, MODELS)
      const plain =
        bare.length > 0 &&
        bare.every((row) => isObject(row) && Object.keys(row).toSorted().join() === 'id,object')
      return ready && plain ? '/readyz, and a list of bare ids' : undefined
    },
  },
  {
    kind: 'tabbyapi',
    title: 'TabbyAPI',
    record: 'openai-compatible',
    port: 5000,
    asks: ['/v1/model'],
    base: '/v1',
    matches(answers) {
      const model = json(answers, '/v1/model')
      if (isObject(model) && typeof model.id === 'string' && has(model, 'parameters'))
        return '/v1/model is a model card'
      return ownedBy(answers, /^tabbyAPI$/i)
    },
  },
  {
    kind: 'litellm',
    title: 'LiteLLM',
    record: 'litellm',
    port: 4000,
    asks: ['/health/liveliness'],
    base: '/v1',
    matches: (answers) =>
      answers('/health/liveliness')?.json === "I'm alive!"
        ? '/health/liveliness says "I\'m alive!"'
        : undefined,
  },
  {
    kind: 'ollama',
    title: 'Ollama',
    record: 'ollama',
    port: 11_434,
    asks: ['/api/version', '/'],
    base: '/v1',
    matches(answers) {
      const tags = json(answers, '/api/tags')
      // llama.cpp answers this, too, with `data` beside it; an imitation without any other trait is as good as Ollama.
      if (!isObject(tags) || !Array.isArray(tags.models) || tags.data !== undefined) return undefined
      return tags.models.some(
        (row) => isObject(row) && (typeof row.name === 'string' || typeof row.model === 'string'),
      )
        ? '/api/tags lists models'
        : undefined
    },
  },
]

/** Servers that answer with a plain list and no trait of their own are what usually listens on their port. */
export const BY_PORT: ReadonlyMap<number, { kind: string; title: string; record: string }> = new Map([
  [1234, { kind: 'lmstudio', title: 'LM Studio', record: 'lmstudio' }],
  [8000, { kind: 'vllm', title: 'vLLM', record: 'vllm' }],
  [4000, { kind: 'litellm', title: 'LiteLLM', record: 'litellm' }],
  [1337, { kind: 'jan', title: 'Jan', record: 'openai-compatible' }],
  [30_000, { kind: 'sglang', title: 'SGLang', record: 'sglang' }],
  [9931, { kind: 'llamacpp', title: 'llama.cpp', record: 'llamacpp' }],
])

/** Asked first: any server worth knowing answers one of them. */
export const FIRST_ASKS: readonly string[] = [MODELS, '/api/tags']

/** Ports asked on a host that was named without one. */
export const PORTS: readonly number[] = [
  ...new Set([...SIGNATURES.map((row) => row.port), ...BY_PORT.keys()]),
]

/** Model names of a list in any shape met; undefined: it is none. */
export function modelNames(body: Json | undefined): string[] | undefined {
  const list = isObject(body) ? (body.data ?? body.models) : body
  if (!Array.isArray(list)) return undefined
  return list.flatMap((row) => {
    const name = isObject(row) ? (row.id ?? row.name ?? row.model) : undefined
    return typeof name === 'string' && name !== '' ? [name] : []
  })
}
