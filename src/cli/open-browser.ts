// Opens an address in the browser of whoever sits here; where there is none, nothing happens and nothing is said.

import { spawn } from 'node:child_process'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

export function openBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  // No desktop, no browser: the address was printed anyway.
  child.on('error', () => {})
  child.unref()
}
