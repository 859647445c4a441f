// What each Claude model takes: thinking modes, sampling, forced tool choice, prefill, output limits. Data, because it
// changes monthly. Source: Anthropic's model pages as of November 2026. The first matching row counts.

import type { ModelFacts } from '../core/dialect.ts'

interface Row {
  match: RegExp
  facts: ModelFacts
}

const MODERN = ['low', 'medium', 'high', 'xhigh', 'max']
const row = (match: RegExp, facts: ModelFacts): Row => ({ match, facts })

const ROWS: readonly Row[] = [
  row(/(fable|mythos)-5-[12]/, {
    thinkingModes: ['adaptive'],
    sampling: false,
    forcedToolChoice: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/opus-5-5/, {
    thinkingModes: ['adaptive'],
    sampling: false,
    forcedToolChoice: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/sonnet-5-5/, {
    thinkingModes: ['adaptive', 'between_tools'],
    sampling: false,
    forcedToolChoice: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/haiku-5-5/, {
    thinkingModes: ['adaptive'],
    sampling: false,
    forcedToolChoice: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/(fable|mythos)-5/, {
    thinkingModes: ['adaptive'],
    sampling: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/(opus|sonnet)-5|opus-4-[78]/, {
    thinkingModes: ['adaptive', 'disabled'],
    sampling: false,
    prefill: false,
    efforts: MODERN,
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/(opus|sonnet)-4-6/, {
    thinkingModes: ['adaptive', 'enabled', 'disabled'],
    prefill: false,
    efforts: ['low', 'medium', 'high', 'max'],
    maxOutputTokens: 128_000,
    defaultMaxOutputTokens: 16_384,
  }),
  row(/opus-4-5/, {
    thinkingModes: ['enabled', 'disabled'],
    efforts: ['low', 'medium', 'high'],
    maxOutputTokens: 64_000,
    defaultMaxOutputTokens: 8_192,
  }),
  row(/(sonnet|haiku)-4-5|sonnet-4|3-7-sonnet/, {
    thinkingModes: ['enabled', 'disabled'],
    maxOutputTokens: 64_000,
    defaultMaxOutputTokens: 8_192,
  }),
  row(/opus-4/, {
    thinkingModes: ['enabled', 'disabled'],
    maxOutputTokens: 32_000,
    defaultMaxOutputTokens: 8_192,
  }),
  row(/3-5-(sonnet|haiku)/, { thinkingModes: [], maxOutputTokens: 8_192, defaultMaxOutputTokens: 8_192 }),
  row(/claude-(3|2|instant)/, { thinkingModes: [], maxOutputTokens: 4_096, defaultMaxOutputTokens: 4_096 }),
]

/** A release nobody has heard of yet behaves like the newest: adaptive, no sampling, no forcing, no prefill. */
const FUTURE: ModelFacts = {
  thinkingModes: ['adaptive'],
  sampling: false,
  forcedToolChoice: false,
  prefill: false,
  defaultMaxOutputTokens: 8_192,
}

/** A deployment's own name says nothing about the model behind it: everything is sent, the upstream judges. */
const OPAQUE: ModelFacts = { defaultMaxOutputTokens: 8_192 }

/** Facts of a model name, vendor prefixes and date suffixes included; `{}` for what is no Claude. */
export function claudeFacts(model: string): ModelFacts {
  const name = model.toLowerCase()
  if (!name.includes('claude')) return {}
  return (
    ROWS.find(({ match }) => match.test(name))?.facts ??
    (/(opus|sonnet|haiku|fable|mythos)-\d/.test(name) ? FUTURE : OPAQUE)
  )
}
