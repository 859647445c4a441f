// `trunkline audit`: the trail of what was changed while serving, shown and verified. It reads the database itself, so
// that it tells the truth also about a gateway that is down.

import { isAbsolute, join } from 'node:path'
import { Command } from 'commander'
import { withDotEnv } from '../config/load.ts'
import type { RegistryStore } from '../core/ports.ts'
import { sqliteRegistry } from '../stores/sqlite/registry.ts'
import { complain, say, sayJson, table } from './terminal.ts'

interface AuditOptions {
  dataDir?: string
  limit?: string
  json?: boolean
}

export function command(): Command {
  const shared = (made: Command): Command =>
    made
      .option('--data-dir <dir>', 'the data directory (default: TRUNKLINE_DATA_DIR, else ./.trunkline)')
      .option('--json', 'print one JSON value')
  const audit = new Command('audit').description('what was changed while serving: show it, verify it')
  audit.addCommand(
    shared(new Command('verify').description('walk the whole chain; exit code 0 or 1')).action(
      async (options: AuditOptions) => {
        process.exitCode = (await withStore(options, verify)) ? 0 : 1
      },
    ),
  )
  audit.addCommand(
    shared(new Command('list').description('the latest changes, newest first'))
      .option('--limit <n>', 'at most this many', '50')
      .action(async (options: AuditOptions) => {
        process.exitCode = (await withStore(options, list)) ? 0 : 1
      }),
  )
  return audit
}

async function withStore(
  options: AuditOptions,
  work: (store: RegistryStore, options: AuditOptions) => Promise<boolean>,
): Promise<boolean> {
  const cwd = process.cwd()
  const dir = options.dataDir ?? withDotEnv({ cwd, env: process.env }).TRUNKLINE_DATA_DIR ?? '.trunkline'
  let store: RegistryStore | undefined
  try {
    store = await sqliteRegistry(isAbsolute(dir) ? dir : join(cwd, dir), false)
    if (store) return await work(store, options)
    complain(`${dir} holds no endpoints.db: nothing was ever changed there`)
    return false
  } catch (thrown) {
    complain(`${dir}: ${(thrown as Error).message}`)
    return false
  } finally {
    await store?.close()
  }
}

async function verify(store: RegistryStore, options: AuditOptions): Promise<boolean> {
  const verdict = await store.verifyAudit()
  if (options.json === true) sayJson(verdict)
  else if (verdict.ok) say(`ok: ${verdict.lines} lines, each follows the one before it`)
  else complain(`BROKEN at line ${verdict.brokenAt}: ${verdict.reason}`)
  return verdict.ok
}

async function list(store: RegistryStore, options: AuditOptions): Promise<boolean> {
  const limit = Number(options.limit ?? 50)
  const lines = await store.audit(Number.isInteger(limit) && limit > 0 ? limit : 50)
  if (options.json === true) sayJson(lines)
  else
    say(
      table(
        ['seq', 'at', 'who', 'from', 'what', 'target'],
        lines.map((line) => [String(line.seq), line.at, line.actor, line.from, line.action, line.target]),
      ),
    )
  return true
}
