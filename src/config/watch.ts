// Watches configuration files by their directories (a watcher on a file goes deaf after a rename or a ConfigMap swap)
// and compares contents, so that a touch is no change.

import { createHash } from 'node:crypto'
import { type FSWatcher, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Timer } from '../core/clock.ts'

const SETTLE_MS = 200

export function watchConfig(files: readonly string[], changed: () => void, clock: Clock): { stop(): void } {
  const hash = (): string => {
    const sum = createHash('sha256')
    for (const file of files) {
      try {
        sum.update(readFileSync(file))
      } catch {
        // Gone for a moment, as in every rename; the next event tells.
        sum.update('absent')
      }
    }
    return sum.digest('hex')
  }
  let known = hash()
  let timer: Timer | undefined
  const look = (): void => {
    const now = hash()
    if (now === known) return
    known = now
    changed()
  }
  const watchers: FSWatcher[] = []
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    const watcher = watch(folder, { persistent: false }, () => {
      timer?.cancel()
      timer = clock.timer(SETTLE_MS, look)
    })
    // A watched folder may be removed; serving goes on, SIGHUP still reloads.
    watcher.on('error', () => watcher.close())
    watchers.push(watcher)
  }
  return {
    stop() {
      timer?.cancel()
      for (const watcher of watchers) watcher.close()
    },
  }
}
