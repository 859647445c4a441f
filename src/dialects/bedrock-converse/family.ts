// Which vendor's model stands behind an id, and what that vendor's models take on this wire. Data, from AWS's tables of
// supported features. An application profile hides its family; it gets everything, and the upstream judges.

export interface Family {
  name: 'anthropic' | 'amazon' | 'meta' | 'mistral' | 'openai' | 'deepseek' | 'qwen' | 'other' | 'unknown'
  /** Forced tool choices taken: any tool and a named one, any tool only, or none at all. */
  forced: 'all' | 'any' | 'none'
  /** How thinking is asked for. */
  thinking: 'claude' | 'reasoning_effort' | 'nova' | 'reasoning_config' | 'none'
  /** Where `top_k` goes. */
  topK: 'plain' | 'nova' | 'none'
  /** Ids of tool calls are exactly nine letters and digits. */
  nineIds?: boolean
  /** Tools may be strict. */
  strict?: boolean
}

const FAMILIES: Readonly<Record<string, Omit<Family, 'name'>>> = {
  anthropic: { forced: 'all', thinking: 'claude', topK: 'plain', strict: true },
  amazon: { forced: 'all', thinking: 'nova', topK: 'nova' },
  meta: { forced: 'none', thinking: 'none', topK: 'none' },
  mistral: { forced: 'any', thinking: 'none', topK: 'plain', nineIds: true },
  openai: { forced: 'all', thinking: 'reasoning_effort', topK: 'none' },
  deepseek: { forced: 'all', thinking: 'reasoning_config', topK: 'none' },
  qwen: { forced: 'all', thinking: 'reasoning_config', topK: 'none' },
}

const OTHER: Omit<Family, 'name'> = { forced: 'all', thinking: 'none', topK: 'none' }
const UNKNOWN: Omit<Family, 'name'> = {
  forced: 'all',
  thinking: 'reasoning_effort',
  topK: 'plain',
  strict: true,
}

/** Geographies before an id: `us.`, `us-gov.`, `global.` ... */
const GEO = /^(us|eu|apac|jp|au|ca|us-gov|global)\./

/** The family of a foundation model, an inference profile or an ARN of either. */
export function familyOf(model: string): Family {
  // An ARN ends in `foundation-model/<id>` or `inference-profile/<id>`; any other kind hides the model.
  const arn = /^arn:[^/]*:(?:foundation-model|inference-profile)\/(.+)$/.exec(model)
  const id = (arn?.[1] ?? model).toLowerCase()
  // A name without a vendor before a dot: a Claude by its own name, else nobody knows.
  const vendor = id.startsWith('arn:') ? '' : (id.replace(GEO, '').split('.')[0] as string)
  const known = FAMILIES[vendor]
  if (known) return { name: vendor as Family['name'], ...known }
  if (vendor.startsWith('claude'))
    return { name: 'anthropic', ...(FAMILIES.anthropic as Omit<Family, 'name'>) }
  return id.startsWith('arn:') || !id.replace(GEO, '').includes('.')
    ? { name: 'unknown', ...UNKNOWN }
    : { name: 'other', ...OTHER }
}
