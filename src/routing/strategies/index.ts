// Every strategy by its name in the configuration.

import type { Strategy, StrategyName } from '../strategy.ts'
import { cheapest } from './cheapest.ts'
import { fastest } from './fastest.ts'
import { headroom } from './headroom.ts'
import { leastBusy } from './least-busy.ts'
import { priority } from './priority.ts'
import { roundRobin } from './round-robin.ts'
import { weighted } from './weighted.ts'

export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = {
  priority,
  round_robin: roundRobin,
  weighted,
  least_busy: leastBusy,
  fastest,
  cheapest,
  headroom,
}
