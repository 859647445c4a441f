// What each Gemini model takes: how thinking is set, whether replayed calls must be signed, what may stand in a tool
// result. Data, because it changes monthly. Source: Google's model pages as of November 2026. The first match counts.

import type { ModelFacts } from '../core/dialect.ts'

const row = (match: RegExp, facts: ModelFacts): { match: RegExp; facts: ModelFacts } => ({ match, facts })

const MODERN: ModelFacts = {
  signedCalls: true,
  resultMedia: true,
  maxOutputTokens: 65_536,
  contextTokens: 1_048_576,
}
const BEFORE: ModelFacts = { resultMedia: false, contextTokens: 1_048_576 }
/** The Developer API refuses them on this generation. */
const NO_PENALTIES = ['presencePenalty', 'frequencyPenalty']

const ROWS = [
  row(/^gemini-4.*hydrogen/, { ...MODERN, efforts: ['low', 'medium', 'high', 'xhigh'] }),
  row(/^gemini-3\.1-pro/, { ...MODERN, efforts: ['low', 'medium', 'high'] }),
  row(/^gemini-3-pro-image/, { ...MODERN, thinkingModes: [] }),
  row(/^gemini-3-pro/, { ...MODERN, efforts: ['low', 'high'] }),
  row(/^gemini-3.*flash/, { ...MODERN, efforts: ['minimal', 'low', 'medium', 'high'] }),
  row(/^gemini-2\.5.*image/, { ...BEFORE, thinkingModes: [], refuses: NO_PENALTIES }),
  row(/^gemini-2\.5-pro/, {
    ...BEFORE,
    thinkingBudget: { min: 128, max: 32_768, off: false },
    refuses: NO_PENALTIES,
    maxOutputTokens: 65_536,
  }),
  row(/^gemini-2\.5-flash-lite/, {
    ...BEFORE,
    thinkingBudget: { min: 512, max: 24_576, off: true },
    refuses: NO_PENALTIES,
    maxOutputTokens: 65_536,
  }),
  row(/^gemini-2\.5/, {
    ...BEFORE,
    thinkingBudget: { min: 0, max: 24_576, off: true },
    refuses: NO_PENALTIES,
    maxOutputTokens: 65_536,
  }),
  row(/^gemini-(1|2\.0)/, { ...BEFORE, thinkingModes: [], maxOutputTokens: 8_192 }),
  row(/^gemma-/, { resultMedia: false, thinkingModes: [], instructions: false }),
  // The aliases that follow the newest release, and releases nobody has heard of yet.
  row(/^gemini-/, MODERN),
]

/** Facts of a model name, with or without its resource prefix; `{}` for what is no Gemini or Gemma. */
export function geminiFacts(model: string): ModelFacts {
  const name = model.toLowerCase().slice(model.lastIndexOf('/') + 1)
  return ROWS.find(({ match }) => match.test(name))?.facts ?? {}
}
