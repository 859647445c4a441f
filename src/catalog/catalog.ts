// Looks a model up: what the operator says of it, else what is known of it at that provider, else, without a price, what
// is known of the same model elsewhere. Lines are parsed when they are first asked for.

import type { Abilities } from '../core/abilities.ts'
import type { Price } from '../core/price.ts'
import type { ModelEntry } from './entry.ts'
import { AS_OF, MODELS } from './models.ts'
import { readRow } from './rows.ts'

/** Where a model is asked for. */
export interface Place {
  provider: string
  endpoint?: string
  /** The upstream's own model name. */
  model: string
}

export interface Catalog {
  /** Undefined: nothing is known. */
  find(place: Place): ModelEntry | undefined
  /** Only of the provider itself, or as the operator says. */
  price(place: Place): Price | undefined
  abilities(place: Place): Abilities | undefined
}

/** The same house under another name. */
const SAME: Readonly<Record<string, string>> = {
  'qwen-cn': 'qwen',
  'minimax-cn': 'minimax',
  'moonshot-cn': 'moonshot',
  'google-openai': 'google',
  'bedrock-anthropic': 'bedrock',
  'bedrock-mantle': 'bedrock',
}

/** Makers first: what a reseller lists of a model may be its own cut of it. */
const MAKERS = [
  'openai',
  'anthropic',
  'google',
  'mistral',
  'deepseek',
  'xai',
  'cohere',
  'qwen',
  'zai',
  'moonshot',
  'minimax',
]

/** Lines of one provider by name in small letters, indexed when the provider is first asked for. */
const lines = new Map<string, ReadonlyMap<string, string>>()
const read = new Map<string, ModelEntry>()

function linesOf(provider: string): ReadonlyMap<string, string> {
  let found = lines.get(provider)
  if (!found) {
    found = new Map(
      (MODELS[provider] ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => [(line.split('|', 1)[0] as string).toLowerCase(), line]),
    )
    lines.set(provider, found)
  }
  return found
}

function listed(provider: string, model: string): ModelEntry | undefined {
  const rows = linesOf(SAME[provider] ?? provider)
  for (const name of namesOf(model)) {
    const line = rows.get(name)
    if (line === undefined) continue
    let entry = read.get(line)
    if (!entry) read.set(line, (entry = readRow(line, AS_OF)))
    return entry
  }
  return undefined
}

/** A name as it is, without its region, without its snapshot's date, and without the tag of the newest. */
function namesOf(model: string): string[] {
  const name = model.toLowerCase()
  const plain = name.replace(/^(us|eu|apac|jp|au|global)\./, '').replace(/:latest$/, '')
  return [...new Set([name, plain, plain.replace(/-(\d{8}|\d{4}-\d{2}-\d{2})$/, '')])]
}

/** The same model at its maker or anywhere, by its name without a vendor's prefix. Its price is another house's. */
function elsewhere(model: string): ModelEntry | undefined {
  const bare = model.slice(model.lastIndexOf('/') + 1)
  for (const provider of [...MAKERS, ...Object.keys(MODELS)]) {
    const found = listed(provider, bare)
    if (!found) continue
    const { price: _price, ...facts } = found
    return facts
  }
  return undefined
}

/**
 * @param overrides what the operator says, by `endpoint/model`, `provider/model` or model name.
 * @param parentOf the model that an adapter sits on, as far as its endpoint told: its facts and price hold too.
 */
export function catalog(
  overrides: Readonly<Record<string, ModelEntry>> = {},
  parentOf: (place: Place) => string | undefined = () => undefined,
): Catalog {
  const given = ({ endpoint, provider, model }: Place): ModelEntry | undefined => {
    const names = [model, `${provider}/${model}`, ...(endpoint === undefined ? [] : [`${endpoint}/${model}`])]
    const entries = names.flatMap((key) => overrides[key] ?? [])
    return entries.length === 0 ? undefined : entries.reduce((all, entry) => ({ ...all, ...entry }))
  }
  const known = new Map<string, ModelEntry | undefined>()
  const of = (place: Place): ModelEntry | undefined => {
    const own = given(place)
    const base = listed(place.provider, place.model) ?? elsewhere(place.model)
    return own || base ? { ...base, ...own } : undefined
  }
  const find = (place: Place): ModelEntry | undefined => {
    const parent = parentOf(place)
    const key = `${place.endpoint ?? ''} ${place.provider} ${place.model} ${parent ?? ''}`
    if (known.has(key)) return known.get(key)
    const own = of(place)
    const above = parent === undefined ? undefined : of({ ...place, model: parent })
    const entry = own || above ? { ...above, ...own } : undefined
    // Callers can invent names.
    if (known.size >= 5_000) known.clear()
    known.set(key, entry)
    return entry
  }
  return {
    find,
    price: (place) => find(place)?.price,
    abilities(place) {
      const entry = find(place)
      return entry && abilitiesOf(entry)
    },
  }
}

export function abilitiesOf(entry: ModelEntry): Abilities {
  return {
    ...(entry.tools === undefined ? {} : { tools: entry.tools }),
    ...(entry.input === undefined
      ? {}
      : { vision: entry.input.includes('image'), audio: entry.input.includes('audio') }),
    ...(entry.jsonSchema === undefined ? {} : { jsonSchema: entry.jsonSchema }),
    ...(entry.reasoning === undefined ? {} : { reasoning: entry.reasoning }),
    ...(entry.contextTokens === undefined ? {} : { contextTokens: entry.contextTokens }),
  }
}

/** Without anything an operator says. */
export const builtIn: Catalog = catalog()
