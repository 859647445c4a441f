// `trunkline config rekey`: everything stored sealed, sealed anew under the secret key that is set now.

import { Command } from 'commander'
import { withDotEnv } from '../config/load.ts'
import { secretVariable } from '../config/secret-env.ts'
import { Secret } from '../core/secret.ts'
import { readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { rekey } from '../stores/rekey.ts'
import { sealer } from '../stores/seal.ts'
import { sqliteRegistry } from '../stores/sqlite/registry.ts'
import { complain, say, sayJson } from './terminal.ts'

interface RekeyOptions {
  dataDir?: string
  json?: boolean
}

/** Names under which the key in force is looked for, as `serve` does. */
const CURRENT = ['TRUNKLINE_SECRET_KEY', 'LITELLM_SALT_KEY', 'TRUNKLINE_MASTER_KEY', 'LITELLM_MASTER_KEY']

export function rekeyCommand(): Command {
  return new Command('rekey')
    .description('seal what is stored anew: from the previous secret key to the one that is set now')
    .option('--data-dir <dir>', 'the data directory (default: TRUNKLINE_DATA_DIR, else ./.trunkline)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Set the new key in TRUNKLINE_SECRET_KEY (or a file in TRUNKLINE_SECRET_KEY_FILE) and the old one in
TRUNKLINE_PREVIOUS_SECRET_KEY (or _FILE), run this, then restart the gateway and forget the old key.`,
    )
    .action(async (options: RekeyOptions) => {
      process.exitCode = (await run(options)) ? 0 : 1
    })
}

async function run(options: RekeyOptions): Promise<boolean> {
  const cwd = process.cwd()
  const env = withDotEnv({ cwd, env: process.env })
  const readFile = (path: string): string => readFileSync(isAbsolute(path) ? path : join(cwd, path), 'utf8')
  const secret = (name: string): string | undefined => secretVariable(name, { env, readFile })
  const now = CURRENT.map(secret).find((value) => value !== undefined)
  const previous = [secret('TRUNKLINE_PREVIOUS_SECRET_KEY'), ...CURRENT.slice(1).map(secret)].filter(
    (value) => value !== undefined,
  )
  if (now === undefined) return refuse('no secret key is set: set the new one in TRUNKLINE_SECRET_KEY')
  const dir = options.dataDir ?? env.TRUNKLINE_DATA_DIR ?? '.trunkline'
  const store = await sqliteRegistry(isAbsolute(dir) ? dir : join(cwd, dir), false)
  if (!store) return refuse(`${dir} holds no endpoints.db: nothing is stored there`)
  try {
    const keys = previous.map((value) => sealer(new Secret(value)))
    const done = await rekey(store, keys, sealer(new Secret(now)), 'command line')
    if (options.json === true) sayJson(done)
    else {
      say(
        `sealed anew: ${[...done.endpoints, ...done.versions.map((one) => `version ${one}`)].join(', ') || 'nothing'}`,
      )
      if (done.kept > 0) say(`under this key already: ${done.kept}`)
      for (const name of done.locked)
        complain(`not opened by any key given: ${name}; set its old key in TRUNKLINE_PREVIOUS_SECRET_KEY`)
    }
    return done.locked.length === 0
  } finally {
    await store.close()
  }
}

function refuse(why: string): false {
  complain(why)
  return false
}
