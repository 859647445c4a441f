// The program as commander knows it: the one command that is asked for in full, the others by name and summary.

import { Command } from 'commander'
import { version } from '../server/version.ts'
import { COMMANDS } from './commands.ts'

const START = `
Start here:
  trunkline serve --demo          serve on port 4000; a built-in demo model answers when nothing is configured
  trunkline smoke                 is it up, and what does it serve?
  trunkline doctor <endpoint>     why does this endpoint not work?
  trunkline fake --kind openai    a scriptable fake upstream to try things against

Every command explains itself: trunkline <command> --help`

/** @param wanted names of the commands to load in full; undefined: all of them (completion, man page, docs). */
export async function program(wanted?: readonly string[]): Promise<Command> {
  const root = new Command('trunkline')
    .description('One line to every model: any client, any model, one address.')
    .version(version(), '-V, --version', 'print the version')
    .addHelpText('after', START)
  for (const { name, summary, group, load } of COMMANDS) {
    const full = wanted === undefined || wanted.includes(name)
    const command = full ? await load() : new Command(name).description(summary)
    root.addCommand(command.helpGroup(`${group}:`))
  }
  return root
}
