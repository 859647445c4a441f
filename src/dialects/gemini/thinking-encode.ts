// Reasoning effort of another dialect: a token budget on Gemini 2.5, a level later. Both at once are refused.

import type { ModelFacts } from '../../core/dialect.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Note } from '../../core/note.ts'
import type { ReasoningControl } from '../../core/request.ts'

/** What Google's own OpenAI-compatible endpoint makes of the words. */
const BUDGET: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
}
const ORDER = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

export function encodeReasoning(
  control: ReasoningControl | undefined,
  facts: ModelFacts,
  config: JsonObject,
  notes: Note[],
): void {
  if (!control) return
  const { budgetTokens, display } = control
  const effort = control.effort ?? (control.mode === 'disabled' ? 'none' : undefined)
  const note = (action: Note['action'], why: string): void => {
    notes.push({ field: 'reasoning_effort', action, why })
  }
  if (facts.thinkingModes?.length === 0) {
    if (effort !== undefined && effort !== 'none') note('dropped', 'this model does not think')
    return
  }
  const thinking: JsonObject = {}
  // Thoughts are shown to whoever asked for reasoning, as a summary.
  if (effort !== 'none' && display !== 'omitted') thinking.includeThoughts = true
  const { thinkingBudget: range } = facts
  if (range) {
    const wanted = budgetTokens ?? (effort === undefined ? undefined : BUDGET[effort])
    if (wanted !== undefined) {
      const least = wanted === 0 && range.off ? 0 : range.min
      const budget = Math.min(Math.max(wanted, least), range.max)
      thinking.thinkingBudget = budget
      if (budget !== wanted)
        note('approximated', `this model takes a budget of ${range.min} to ${range.max} tokens`)
    }
  } else {
    const word = effort ?? (budgetTokens === undefined ? undefined : sized(budgetTokens))
    if (budgetTokens !== undefined && effort === undefined)
      notes.push({ field: 'thinking', action: 'approximated', why: 'the token budget is sent as a level' })
    const level = word === undefined ? undefined : nearest(word === 'none' ? 'minimal' : word, facts.efforts)
    if (level !== undefined) thinking.thinkingLevel = level.toUpperCase()
    if (level !== word) note('approximated', `sent as thinkingLevel ${level}`)
  }
  if (control.mode !== undefined)
    notes.push({
      field: 'thinking',
      action: 'approximated',
      why:
        effort === undefined && budgetTokens === undefined
          ? 'how much to think is left to the model'
          : 'sent as a level or a budget',
    })
  if (Object.keys(thinking).length > 0) config.thinkingConfig = thinking
}

function sized(budget: number): string {
  return budget <= 2_000 ? 'low' : budget <= 12_000 ? 'medium' : 'high'
}

/** The word itself, or the next lower level the model has, or its lowest. */
function nearest(word: string, levels: readonly string[] | undefined): string {
  const taken = levels ?? ['minimal', 'low', 'medium', 'high']
  if (taken.includes(word)) return word
  const below = ORDER.slice(0, ORDER.indexOf(word) + 1).filter((level) => taken.includes(level))
  return below.at(-1) ?? taken[0] ?? word
}
