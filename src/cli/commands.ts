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
  {
    name: 'probe',
    summary: 'is one endpoint usable, and what can it do?',
    group: 'Look',
    load: async () => (await import('./probe.ts')).command(),
  },
  {
    name: 'models',
    summary: 'list models with context, abilities, price and source',
    group: 'Look',
    load: async () => (await import('./models.ts')).command(),
  },
  {
    name: 'discover',
    summary: 'look for model servers on this machine and on peers',
    group: 'Look',
    load: async () => (await import('./discover.ts')).command(),
  },
  {
    name: 'bench',
    summary: 'time some calls and streams through a running gateway',
    group: 'Look',
    load: async () => (await import('./bench.ts')).command(),
  },
  {
    name: 'config',
    summary: 'check, show, plan, import and start a configuration',
    group: 'Configure',
    load: async () => (await import('./config.ts')).command(),
  },
  {
    name: 'keys',
    summary: 'virtual keys of a running gateway',
    group: 'Configure',
    load: async () => (await import('./keys.ts')).keysCommand(),
  },
  {
    name: 'usage',
    summary: 'what was used, of a running gateway',
    group: 'Look',
    load: async () => (await import('./keys.ts')).usageCommand(),
  },
  {
    name: 'setup',
    summary: 'point Claude Code, Codex, Gemini CLI, OpenCode ... at a gateway; --undo takes it back',
    group: 'Use',
    load: async () => (await import('./setup.ts')).command(),
  },
  {
    name: 'completion',
    summary: 'print a completion script for bash, zsh or fish',
    group: 'Use',
    load: async () => (await import('./reference.ts')).completionCommand(whole),
  },
  {
    name: 'man',
    summary: 'print the manual page',
    group: 'Use',
    load: async () => (await import('./reference.ts')).manCommand(whole),
  },
  {
    name: 'audit',
    summary: 'what was changed while serving: show it, verify it',
    group: 'Configure',
    load: async () => (await import('./audit.ts')).command(),
  },
]

/** Every command in full: what completion, man page and reference are made of. */
async function whole(): Promise<Command> {
  const { program } = await import('./program.ts')
  return program()
}
