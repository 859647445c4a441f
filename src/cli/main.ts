// The command line. Only the command that is asked for is loaded.

import { program } from './program.ts'

const [asked] = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const root = await program(asked === 'help' ? process.argv.slice(3) : asked === undefined ? [] : [asked])
await root.parseAsync()
