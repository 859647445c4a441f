// Keeps an outage from being multiplied: every call earns a route a share of one retry, every retry spends a whole one.

export interface RetryBudget {
  /** Retries that may be made now. */
  tokens: number
}

export interface BudgetPolicy {
  /** Retries per call, over the long run. */
  share: number
  /** Retries that are always in hand after a quiet time, so that a rare call is retried too. */
  reserve: number
}

export const BUDGET: BudgetPolicy = { share: 0.2, reserve: 10 }

export function retryBudget(policy: BudgetPolicy): RetryBudget {
  return { tokens: policy.reserve }
}

export function earn(budget: RetryBudget, policy: BudgetPolicy): void {
  budget.tokens = Math.min(policy.reserve, budget.tokens + policy.share)
}

/** false: the budget is used up, the failure stands. */
export function spend(budget: RetryBudget): boolean {
  // Ten shares of 0.1 are not quite 1.
  if (budget.tokens < 0.999_999) return false
  budget.tokens -= 1
  return true
}
