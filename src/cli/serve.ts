// `trunkline serve`: configuration in, a listening gateway out, reloaded on SIGHUP and when its files change.

import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { type DestinationStream, type Logger, pino } from 'pino'
import { addEndpoints } from '../config/add-endpoints.ts'
import { type Config, ConfigError, formatProblem } from '../config/config.ts'
import { envKeyEndpoints, loadConfig, seenKeys } from '../config/load.ts'
import type { Flags } from '../config/settings.ts'
import { watchConfig } from '../config/watch.ts'
import { withDemo } from '../gateway/demo/endpoint.ts'
import { adminServices } from '../server/admin/make-services.ts'
import { type Control, createControl } from '../server/control/control.ts'
import { startServer } from '../server/server.ts'
import { version } from '../server/version.ts'
import { membership } from '../server/workers/membership.ts'
import { supervise } from '../server/workers/supervise.ts'
import { readableByOthers, sqliteRegistry } from '../stores/sqlite/registry.ts'
import { sqliteResponses } from '../stores/sqlite/responses.ts'
import { systemClock } from '../upstream/system-clock.ts'
import { greeting } from './greeting.ts'
import { type LogLines, logLines } from './log-lines.ts'
import { openBrowser } from './open-browser.ts'
import { textLines } from './text-lines.ts'

interface ServeOptions {
  config?: string
  host?: string
  port?: string
  demo?: boolean
  envKeys?: boolean
  logLevel: string
  logFormat: 'json' | 'text'
  open?: boolean
  strict?: boolean
  allowOpen?: boolean
  workers?: string
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('serve the gateway')
    .option(
      '-c, --config <file>',
      'configuration file (default: trunkline.yaml, config.yaml or config/llm.yaml here)',
    )
    .option('--host <host>', 'address to listen on (default 127.0.0.1)')
    .option('-p, --port <port>', 'port to listen on (default 4000)')
    .option(
      '--demo',
      'answer with the built-in demo model, and with local engines found when nothing is configured',
    )
    .option('--env-keys', 'make endpoints of the well-known key variables that are set, e.g. OPENAI_API_KEY')
    .option('--allow-open', 'listen on an address other machines reach, without any key')
    .option('--workers <n>', 'processes that share the port, or "cores" (default 1)')
    .option('--strict', 'refuse a request whose translation would lose something')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .addOption(
      new Option('--log-format <format>', 'how log lines are written')
        .choices(['json', 'text'])
        .default('json'),
    )
    .option('--open', 'open the console in the browser once it is up')
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const workers = workersOf(options.workers)
  if (workers === undefined) {
    console.error(`--workers must be a number from 1 to 256 or "cores", not "${options.workers}"`)
    process.exitCode = 1
    return
  }
  const member = membership(process.env, systemClock)
  const plain = logLines(2, workers > 1)
  const lines = options.logFormat === 'text' ? textLines(plain) : plain
  const log = pino({ level: options.logLevel, base: null }, urgentAtOnce(lines))
  if (workers > 1 && !member) {
    process.exitCode = await supervise({ workers, log, clock: systemClock, drainMs: DRAIN_MS })
    return
  }
  let control: Control | undefined
  const reload = (why: string): void => {
    // Still starting: what stands in the file then is read again at once.
    if (!control) return void changedEarly.push(why)
    try {
      const next = control.reload()
      tellProblems(next, log)
      const endpoints = control.gateway.runtime.config.endpoints.length
      log.info({ why, endpoints }, 'configuration reloaded')
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown)
      log.error({ why, problem }, 'the changed configuration is not valid; the last good one stays in force')
    }
  }
  const changedEarly: string[] = []
  let watcher = watchConfig([], () => {}, systemClock)
  try {
    control = await createControl({
      load: (text) => configure(options, text),
      ...(options.demo === true ? { finish: withDemo } : {}),
      openStore: sqliteRegistry,
      openResponses: (dir, unusable) => sqliteResponses(dir, { unusable }),
      log,
      clock: systemClock,
      gateway: { writeLine: lines.write, ...(member ? { limits: member.limits } : {}) },
      ...(member
        ? {
            spread: (shared) =>
              member.peers.tell('/registry', shared, (problem) =>
                log.warn({ problem }, 'a worker did not take a change and serves what it had'),
              ),
          }
        : {}),
      // A file may be named, made or dropped by a change, so the watch follows every one.
      declared(next) {
        watcher.stop()
        watcher = watchConfig(next.files, () => reload('file changed'), systemClock)
      },
    })
  } catch (thrown) {
    watcher.stop()
    console.error(thrown instanceof ConfigError ? thrown.message : String(thrown))
    process.exitCode = 1
    return
  }
  for (const why of changedEarly.slice(0, 1)) reload(why)
  const { gateway } = control
  const { config } = gateway.runtime
  const fail = async (why: string): Promise<void> => {
    console.error(why)
    watcher.stop()
    await control?.close()
    await gateway.close(0)
    process.exitCode = 1
  }
  const open = openToAll(config)
  if (open !== undefined) return fail(open)
  tellProblems(config, log)
  for (const name of config.dataDir === undefined ? [] : readableByOthers(config.dataDir))
    log.warn({ dir: config.dataDir }, `${name} can be read by every user of this machine; chmod 600 it`)
  let port = config.server.port
  const admin = adminServices(control, () => port, member?.instance, member?.peers)
  await member?.join(admin)
  const server = await startServer({
    gateway,
    admin,
    host: config.server.host,
    port,
    ...(member?.forward ? { forward: member.forward } : {}),
    ...(member?.slot === 1 ? { socketPath: member.socketPath } : {}),
  }).catch((thrown: Error & { code?: string }) => thrown)
  if (server instanceof Error) {
    const taken = `port ${port} on ${config.server.host} is taken; choose another with --port`
    return fail(`cannot listen: ${server.code === 'EADDRINUSE' ? taken : server.message}`)
  }
  port = server.port
  // Engines on this machine answer within milliseconds and belong into the greeting; nobody waits for the others. Of
  // several workers one looks and tells the others.
  if (!member || member.slot === 1) await Promise.race([admin.scanner.start(), delay(GREETING_WAIT_MS)])
  const unused = options.envKeys === true ? [] : seenKeys(process.env, config)
  // Whatever start-up had to say stands before the line that ends it.
  lines.flushSync()
  // Of several workers one speaks for all.
  if (!member || member.slot === 1) {
    process.stdout.write(
      greeting({ version: version(), url: server.url, config: gateway.runtime.config, unused }),
    )
    if (options.open === true) openBrowser(`${server.url}/ui`)
  }
  member?.attach(gateway)
  member?.ready()

  process.on('SIGHUP', () => reload('SIGHUP'))
  const stop = (): void => {
    watcher.stop()
    admin.scanner.stop()
    void server
      .close(DRAIN_MS)
      .then(() => member?.left())
      .then(() => control?.close())
      .then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  member?.onOrphaned(stop)
}

const GREETING_WAIT_MS = 300
const DRAIN_MS = 10_000

function workersOf(text: string | undefined): number | undefined {
  if (text === 'cores') return availableParallelism()
  const count = Number(text ?? 1)
  return Number.isInteger(count) && count >= 1 && count <= 256 ? count : undefined
}

/** Why this address must not be bound: whoever reaches it could spend the operator's money and change everything. */
function openToAll({ server }: Config): string | undefined {
  if (server.masterKey || server.allowOpen === true || /^(127\.|::1$|localhost$)/.test(server.host))
    return undefined
  return `${server.host} is reachable from other machines, and no key is set: set TRUNKLINE_MASTER_KEY, listen on 127.0.0.1, or say --allow-open to let everybody in`
}

/** Lines are gathered off the path for up to 100 ms and flushed at exit; warnings and errors leave at once. */
function urgentAtOnce(lines: LogLines): DestinationStream {
  const stream = {
    // pino then tells the level of each line in `lastLevel`.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string) {
      lines.write(line)
      if (stream.lastLevel >= WARN) lines.flush()
    },
  }
  return stream
}

const WARN = 40

function configure(options: ServeOptions, text?: string): Config {
  const flags: Flags = {
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: portOf(options.port) }),
    ...(options.strict === true ? { strict: true } : {}),
    ...(options.allowOpen === true ? { allowOpen: true } : {}),
  }
  const config = loadConfig({
    cwd: process.cwd(),
    env: process.env,
    flags,
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(text === undefined ? {} : { text }),
  })
  return options.envKeys === true ? addEndpoints(config, envKeyEndpoints(process.env)) : config
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new ConfigError([{ severity: 'error', message: `--port must be 0 to 65535, not "${text}"` }])
}

function tellProblems(config: Config, log: Logger): void {
  for (const problem of config.problems)
    if (problem.severity === 'warning') log.warn({ problem: formatProblem(problem) }, 'configuration')
}
