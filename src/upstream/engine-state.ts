// What a local engine says of itself without being made to work: which models are in memory, how many calls it takes at
// once and how many of those places are free. Reading only; nothing here names a model in a way that loads it.

import { type Json, isObject } from '../core/json.ts'
import type { EndpointConfig } from '../providers/endpoint.ts'
import { type AskDeps, say } from './ask.ts'

export interface EngineState {
  /** Models in memory, by the upstream's own name; undefined: it does not say. */
  warm?: string[]
  slots?: { total: number; free: number }
}

type Get = (path: string) => Promise<string | undefined>
type Ask = (get: Get) => Promise<EngineState | undefined>

const LIMIT_MS = 2_000

/** By provider id. Where each fact was seen: the servers' own documentation, as of November 2026. */
const ENGINES: Readonly<Record<string, Ask>> = {
  /** `/api/ps`: `models[].name`, with the context they were loaded with. */
  async ollama(get) {
    const models = rows(await get('/api/ps'), 'models')
    return models && { warm: models.flatMap((row) => texts(row.name, row.model)) }
  },
  /** `/slots` is an array with `is_processing`; where it is switched off, `/props` still has `total_slots`. */
  async llamacpp(get) {
    const slots = json(await get('/slots'))
    if (Array.isArray(slots) && slots.length > 0) {
      const busy = slots.filter(
        (row) => isObject(row) && (row.is_processing === true || row.state === 1),
      ).length
      return { slots: { total: slots.length, free: slots.length - busy } }
    }
    const props = json(await get('/props'))
    const total = isObject(props) ? props.total_slots : undefined
    // Nothing is known of who is busy: our own count of calls stands for it.
    return typeof total === 'number' && total > 0 ? { slots: { total, free: total } } : undefined
  },
  async vllm(get) {
    return queueOf(await get('/metrics'), 'vllm:num_requests_running', 'vllm:num_requests_waiting')
  },
  async sglang(get) {
    return queueOf(await get('/metrics'), 'sglang:num_running_reqs', 'sglang:num_queue_reqs')
  },
  /** `/api/v1/models` has `loaded_instances`, the older `/api/v0/models` a `state`. */
  async lmstudio(get) {
    const models = rows(await get('/api/v1/models'), 'models')
    if (models)
      return {
        warm: models.flatMap((row) =>
          Array.isArray(row.loaded_instances) && row.loaded_instances.length > 0
            ? [
                ...texts(row.key),
                ...row.loaded_instances.flatMap((one) => (isObject(one) ? texts(one.id) : [])),
              ]
            : [],
        ),
      }
    const older = rows(await get('/api/v0/models'), 'data')
    return older && { warm: older.flatMap((row) => (row.state === 'loaded' ? texts(row.id) : [])) }
  },
  /** `/running`: `running[].model` with a state of its own. */
  async 'llama-swap'(get) {
    const models = rows(await get('/running'), 'running')
    return models && { warm: models.flatMap((row) => (row.state === 'ready' ? texts(row.model) : [])) }
  },
}

/** false: this kind of endpoint says nothing of itself. */
export function tellsState({ provider }: EndpointConfig): boolean {
  return provider.id in ENGINES
}

/** undefined: it does not say, or does not answer. Bounded; never throws. */
export async function engineState(
  endpoint: EndpointConfig,
  deps: Pick<AskDeps, 'pools' | 'clock'>,
): Promise<EngineState | undefined> {
  const ask = ENGINES[endpoint.provider.id]
  if (!ask) return undefined
  // The engine's own paths lie beside the compatible API, not under it.
  const root = new URL(endpoint.baseUrl).pathname.replace(/\/(v1|api)?\/?$/, '')
  return ask(async (path) => {
    const said = await say(endpoint, root + path, undefined, LIMIT_MS, deps)
    return said.status === 200 ? said.text : undefined
  })
}

/** A name with and without Ollama's `:latest`. */
export function isWarm(warm: readonly string[], model: string): boolean {
  const plain = model.replace(/:latest$/, '')
  return warm.includes(model) || warm.includes(plain) || warm.includes(`${plain}:latest`)
}

/**
 * vLLM and SGLang batch: they have no fixed places, and what waits is what shows that they are full. Everything that
 * runs counts as taken; while nothing waits there is room for as many again.
 */
function queueOf(text: string | undefined, running: string, waiting: string): EngineState | undefined {
  if (text === undefined) return undefined
  const busy = metric(text, running)
  if (busy === undefined) return undefined
  const queued = metric(text, waiting) ?? 0
  return {
    slots: queued > 0 ? { total: Math.max(1, busy), free: 0 } : { total: busy * 2 + 8, free: busy + 8 },
  }
}

/** The sum over all labels of one metric in Prometheus' text format. */
export function metric(text: string, name: string): number | undefined {
  let sum: number | undefined
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (at > 0 && text[at - 1] !== '\n') continue
    const end = text.indexOf('\n', at)
    const line = text.slice(at + name.length, end < 0 ? undefined : end)
    const match = /^(?:\{[^}]*\})?\s+(\S+)/.exec(line)
    const value = match ? Number(match[1]) : Number.NaN
    if (Number.isFinite(value)) sum = (sum ?? 0) + value
  }
  return sum
}

function json(text: string | undefined): Json | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Json)
  } catch {
    // A web page at that path: not this engine, or not this version.
    return undefined
  }
}

function rows(text: string | undefined, member: string): Record<string, Json | undefined>[] | undefined {
  const body = json(text)
  const list = isObject(body) ? body[member] : undefined
  return Array.isArray(list) ? list.filter(isObject) : undefined
}

function texts(...values: (Json | undefined)[]): string[] {
  return values.flatMap((value) => (typeof value === 'string' ? [value] : []))
}
