// The folder and environment a program runs in: the one place, beside the command line, that looks at them.

import type { LoadOptions } from './load.ts'

export function surroundings(): Pick<LoadOptions, 'cwd' | 'env'> {
  return { cwd: process.cwd(), env: process.env }
}
