// What choosing a deployment costs: one pick of a route with 20 deployments, per strategy, plain and sticky. Prints
// nanoseconds a pick (best of several rounds) and fails above the budget of 3 microseconds.

import { feed } from '../../src/routing/ewma.ts'
import { type Asked, type Target, pick, plan } from '../../src/routing/pick.ts'
import { STRATEGIES } from '../../src/routing/strategies/index.ts'
import type { StrategyName } from '../../src/routing/strategy.ts'
import { vitals } from '../../src/routing/vitals.ts'

const BUDGET_NS = 3_000
/** Short rounds: on a busy machine a long one is never left alone. */
const PICKS = 2_000
const ROUNDS = 400

const asked: Asked = {
  demand: { inputTokens: 1_000, outputTokens: 300 },
  facts: {
    header: () => undefined,
    metadata: () => undefined,
    model: 'm',
    bytes: 4_000,
    tokens: () => 1_000,
    stream: true,
    text: () => '',
  },
}

function targets(count: number): Target[] {
  return Array.from({ length: count }, (_, index) => {
    const state = vitals(`endpoint-${index}/model`)
    feed(state.firstByteMs, 100 + ((index * 37) % 91), 0, 1_000)
    feed(state.tokensPerSecond, 40 + ((index * 13) % 29), 0, 1_000)
    state.inFlight = (index * 7) % 5
    state.headroom = { tokens: { limit: 100, remaining: (index * 31) % 100, goodUntil: 1e15 } }
    return {
      weight: 1 + (index % 4),
      tier: 0,
      restMs: 60_000,
      vitals: state,
      costUsd: (input, output, share) => (input * (1 - share) + output * 4) * (1 + index) * 1e-6,
      shareLeft: () => 1 - index / 40,
    }
  })
}

function nanoseconds(strategy: StrategyName, what: Asked): number {
  const made = plan(strategy, targets(20))
  let best = Number.POSITIVE_INFINITY
  let kept = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint()
    for (let at = 0; at < PICKS; at++) kept += pick(made, what, at, Math.random).order[0] as number
    best = Math.min(best, Number(process.hrtime.bigint() - start) / PICKS)
  }
  if (kept < 0) throw new Error('unreachable: the picks must not be optimised away')
  return Math.round(best)
}

let failed = false
console.log('pick of 1 among 20 deployments, ns')
for (const strategy of Object.keys(STRATEGIES) as StrategyName[]) {
  const plain = nanoseconds(strategy, asked)
  const sticky = nanoseconds(strategy, { ...asked, session: { key: 0x1234_5678, by: 'bench' } })
  if (plain > BUDGET_NS || sticky > BUDGET_NS) failed = true
  console.log(`${strategy.padEnd(12)} ${String(plain).padStart(6)}   sticky ${String(sticky).padStart(6)}`)
}
if (failed) {
  console.error(`over the budget of ${BUDGET_NS} ns`)
  process.exitCode = 1
}
