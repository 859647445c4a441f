// Loaded into a gateway under test (`--import`): how long its event loop was blocked at most. SIGWINCH writes the longest
// block since the last one, in ms, to the file that LOOP_PROBE names.

import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
process.on('SIGWINCH', () => {
  writeFileSync(process.env.LOOP_PROBE as string, String(delay.max / 1e6 - RESOLUTION_MS))
  delay.reset()
})
