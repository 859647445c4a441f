// Every command on one page: its name, what it is for, and where it is. Help, completion and the man page read the
// table; a command's own file loads only when it is the one asked for.

import type { Command } from 'commander'

export interface CommandRow {
  name: string
  summary: string
  /** Heading in the help. */
  group: 'Serve' | 'Look' | 'Configure' | 'Use'
  load(): Promise<Command>
}

export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'serve',
    summary: 'serve the gateway',
    group: 'Serve',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  {
    name: 'fake',
    summary: 'serve a scriptable fake upstream',
    group: 'Serve',
    load: async () => (await import('./fake.ts')).fakeCommand(),
  },
  {
    name: 'smoke',
    summary: 'is a gateway up, and what does it serve?',
    group: 'Look',
    load: async () => (await import('./smoke.ts')).smokeCommand(),
  },
  {
    name: 'doctor',
    summary: 'why does an endpoint not work? The first failing step, with its remedy',
    group: 'Look',
    load: async () => (await import('./doctor.ts')).command(),
  },
  {
    name: 'explain',
    summary: 'why did a call go where it went?',
    group: 'Look',
    load: async () => (await import('./explain.ts')).command(),
  },
]
