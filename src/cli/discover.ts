// `trunkline discover`: which model servers answer on this machine and on the peers named? Nothing is stored.

import { Command } from 'commander'
import { scan } from '../upstream/discovery/scan.ts'
import { complain, failed, paint, say, sayJson, table, withProgress } from './terminal.ts'

interface DiscoverOptions {
  peers?: string
  timeout: string
  json?: boolean
}

export function command(): Command {
  return new Command('discover')
    .description('look for model servers on this machine, and on the peers named')
    .option(
      '--peers <hosts>',
      'more hosts, separated by commas, each with or without a port (default: TRUNKLINE_DISCOVERY_PEERS)',
    )
    .option('--timeout <seconds>', 'limit of each question', '1.5')
    .option('--json', 'print one JSON array')
    .action(discover)
}

async function discover(options: DiscoverOptions): Promise<void> {
  const { env } = process
  const peers = (options.peers ?? env.TRUNKLINE_DISCOVERY_PEERS ?? env.LLM_PROXY_DISCOVERY_PEERS ?? '')
    .split(',')
    .map((peer) => peer.trim())
    .filter((peer) => peer !== '')
  try {
    const { found, asked } = await withProgress('looking around', () =>
      scan({
        peers,
        instance: '',
        ownPort: 0,
        limitMs: Math.max(0.1, Number(options.timeout) || 1.5) * 1_000,
        warn: (message) => complain(paint.yellow(message)),
      }),
    )
    if (options.json === true) return sayJson(found)
    if (found.length === 0) return say(`nothing found: ${asked} addresses were asked`)
    const rows = found.map((one) => [
      one.title,
      `http://${one.host}:${one.port}`,
      one.locked ? 'wants a key' : one.models.slice(0, 6).join(', '),
    ])
    say(table(['server', 'address', 'models'], rows))
  } catch (thrown) {
    failed(thrown)
  }
}
