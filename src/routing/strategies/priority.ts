// The declared order: the first that can be tried is the one.

import type { Strategy } from '../strategy.ts'

export const priority: Strategy = () => {}
