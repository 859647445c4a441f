// Document 001's settings: dotted keys (`llm.provider`, `llm.openai_endpoint.url` ...), flat or nested, as an object that
// may change between calls or as a JSON or YAML file. A snapshot's `{ value: ... }` wrappers are looked through.

export type Settings = Readonly<Record<string, unknown>>

/** The value of a dotted key; undefined where it is absent, null or an empty text (empty means "not given"). */
export function settingOf(settings: Settings, key: string): unknown {
  const value = unwrapped(key in settings ? settings[key] : nested(settings, key.split('.')))
  return value === null || value === '' ? undefined : value
}

function nested(settings: Settings, path: readonly string[]): unknown {
  let here: unknown = settings
  for (const step of path) {
    if (typeof here !== 'object' || here === null || Array.isArray(here)) return undefined
    here = (here as Settings)[step]
  }
  return here
}

function unwrapped(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'value' in value
    ? value.value
    : value
}
