// The command line. One file per command, loaded only when it is the one asked for.

import { Command } from 'commander'
import { fakeCommand } from './fake.ts'
import { serveCommand } from './serve.ts'
import { smokeCommand } from './smoke.ts'

const program = new Command('trunkline')
  .description('One line to every model: any client, any model, one address.')
  .addHelpText(
    'after',
    `
Start here:
  trunkline serve --demo          serve on port 4000; a built-in demo model answers when nothing is configured
  trunkline smoke                 is it up, and what does it serve?
  trunkline fake --kind openai    a scriptable fake upstream to try things against`,
  )
  .addCommand(serveCommand())
  .addCommand(smokeCommand())
  .addCommand(fakeCommand())

await program.parseAsync()
