// Claude's thinking controls, as every platform that serves it takes them (Messages, InvokeModel, Converse): a
// reasoning effort becomes `output_config.effort` on adaptive models, a token budget on the older ones.

import type { ModelFacts } from './dialect.ts'
import type { JsonObject } from './json.ts'
import type { Note } from './note.ts'
import type { ReasoningControl } from './request.ts'

const BUDGET: Readonly<Record<string, number>> = {
  minimal: 1_024,
  low: 2_048,
  medium: 8_192,
  high: 16_384,
  xhigh: 32_000,
  max: 32_000,
}
const ORDER = ['low', 'medium', 'high', 'xhigh', 'max']
/** Smaller budgets are refused. */
const LEAST_BUDGET = 1_024

/** Writes `thinking` or `output_config.effort` into the body, which already has max_tokens and tool_choice. */
export function encodeThinking(
  control: ReasoningControl | undefined,
  facts: ModelFacts,
  body: JsonObject,
  notes: Note[],
): void {
  const effort = effortOf(control)
  if (effort === undefined) return
  const note = (action: Note['action'], why: string): void => {
    notes.push({ field: 'reasoning_effort', action, why })
  }
  const modes = facts.thinkingModes
  const adaptive = modes === undefined || modes.includes('adaptive')
  if (effort === 'none') {
    if (modes?.includes('disabled') === true) body.thinking = { type: 'disabled' }
    else if (modes?.includes('between_tools') === true) body.thinking = { type: 'between_tools' }
    else if (adaptive) {
      body.output_config = { effort: 'low' }
      note('approximated', 'thinking cannot be switched off on this model: sent as effort low')
    }
    return
  }
  if (adaptive) {
    const taken = nearest(effort === 'minimal' ? 'low' : effort, facts.efforts)
    if (taken === undefined) return note('dropped', 'this model has no effort levels')
    if (taken !== effort && effort !== 'minimal') note('approximated', `sent as effort ${taken}`)
    else if (control?.effort === undefined && control?.budgetTokens !== undefined)
      notes.push({
        field: 'thinking',
        action: 'approximated',
        why: `the token budget is sent as effort ${taken}`,
      })
    body.output_config = { effort: taken }
    return
  }
  if (!modes?.includes('enabled')) return note('dropped', 'this model does not think')
  const choice = body.tool_choice
  if (
    typeof choice === 'object' &&
    choice !== null &&
    'type' in choice &&
    (choice.type === 'any' || choice.type === 'tool')
  )
    return note('dropped', 'a forced tool choice excludes thinking on this model')
  const limit = typeof body.max_tokens === 'number' ? body.max_tokens - 1 : LEAST_BUDGET
  const wanted = Math.max(LEAST_BUDGET, control?.budgetTokens ?? BUDGET[effort] ?? (BUDGET.medium as number))
  const budget = Math.min(wanted, limit)
  if (budget < LEAST_BUDGET)
    return note('dropped', `max_tokens leaves no room for the least budget of ${LEAST_BUDGET}`)
  if (budget < wanted) note('approximated', 'the thinking budget must stay below max_tokens')
  body.thinking = { type: 'enabled', budget_tokens: budget }
}

/** One word for how much to think, from whichever of effort, mode and budget the caller's dialect has. */
function effortOf(control: ReasoningControl | undefined): string | undefined {
  if (!control) return undefined
  const { effort, mode, budgetTokens } = control
  if (mode === 'disabled' || budgetTokens === 0) return 'none'
  if (effort !== undefined && effort !== null) return effort
  if (budgetTokens === undefined) return undefined
  return budgetTokens <= 2_000 ? 'low' : budgetTokens <= 10_000 ? 'medium' : 'high'
}

/** The effort itself, or the next lower one that the model takes, or its lowest. */
function nearest(effort: string, taken: readonly string[] | undefined): string | undefined {
  if (taken === undefined || taken.includes(effort)) return effort
  const below = ORDER.slice(0, ORDER.indexOf(effort) + 1).filter((word) => taken.includes(word))
  return below.at(-1) ?? taken[0]
}
