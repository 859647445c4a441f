// The command line. Only the command that is asked for is loaded, and what was compiled once is read back: a start takes
// a third of the time.

import { enableCompileCache, flushCompileCache } from 'node:module'

enableCompileCache()
const { program } = await import('./program.ts')

const [asked] = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const root = await program(asked === 'help' ? process.argv.slice(3) : asked === undefined ? [] : [asked])
await root.parseAsync()
// A server may end by a kill, which would write nothing.
flushCompileCache()
