// A problem of a configuration as the API shows it.

import type { ConfigProblem } from '../../config/config.ts'

export function problemRow(problem: ConfigProblem) {
  return {
    severity: problem.severity,
    message: problem.message,
    file: problem.file ?? null,
    line: problem.line ?? null,
    column: problem.column ?? null,
  }
}
