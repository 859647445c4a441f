// `trunkline serve`: configuration in, a listening gateway out, reloaded on SIGHUP and when its files change.

import { Command } from 'commander'
import { type DestinationStream, type Logger, pino } from 'pino'
import { addEndpoints } from '../config/add-endpoints.ts'
import { type Config, ConfigError, formatProblem } from '../config/config.ts'
import { envKeyEndpoints, loadConfig, seenKeys } from '../config/load.ts'
import { watchConfig } from '../config/watch.ts'
import { createGateway } from '../gateway/create-gateway.ts'
import { withDemo } from '../gateway/demo/endpoint.ts'
import { systemClock } from '../upstream/system-clock.ts'
import { startServer } from '../server/server.ts'
import { version } from '../server/version.ts'
import { findLocalEngines } from '../upstream/local-engines.ts'
import { greeting } from './greeting.ts'

interface ServeOptions {
  config?: string
  host?: string
  port?: string
  demo?: boolean
  envKeys?: boolean
  logLevel: string
  strict?: boolean
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
    .option('--strict', 'refuse a request whose translation would lose something')
    .option('--log-level <level>', 'debug, info, warn, error or silent', 'info')
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const lines = pino.destination({ dest: 2, sync: false, minLength: 16_000, periodicFlush: 100 })
  const log = pino({ level: options.logLevel, base: null }, urgentAtOnce(lines))
  let local: Config['endpoints'] = []
  const load = (): Config => configure(options, local)
  let config: Config
  try {
    config = load()
    if (options.demo === true && config.endpoints.every((endpoint) => endpoint.source === 'demo')) {
      local = await findLocalEngines(config.server.port)
      if (local.length > 0) config = load()
    }
  } catch (thrown) {
    console.error(thrown instanceof ConfigError ? thrown.message : String(thrown))
    process.exitCode = 1
    return
  }
  tellProblems(config, log)
  const gateway = createGateway(config, { log, writeLine: (line) => void lines.write(line) })
  const server = await startServer({ gateway, host: config.server.host, port: config.server.port }).catch(
    (thrown: Error & { code?: string }) => {
      const why =
        thrown.code === 'EADDRINUSE'
          ? `port ${config.server.port} on ${config.server.host} is taken; choose another with --port`
          : thrown.message
      console.error(`cannot listen: ${why}`)
      return undefined
    },
  )
  if (!server) {
    await gateway.close(0)
    process.exitCode = 1
    return
  }
  const unused = options.envKeys === true ? [] : seenKeys(process.env, config)
  // Whatever start-up had to say stands before the line that ends it.
  lines.flushSync()
  process.stdout.write(greeting({ version: version(), url: server.url, config, unused }))

  const reload = (why: string): void => {
    try {
      const next = load()
      gateway.reload(next)
      tellProblems(next, log)
      log.info({ why, endpoints: next.endpoints.length }, 'configuration reloaded')
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown)
      log.error({ why, problem }, 'the changed configuration is not valid; the last good one stays in force')
    }
  }
  const watcher = watchConfig(config.files, () => reload('file changed'), systemClock)
  process.on('SIGHUP', () => reload('SIGHUP'))
  const stop = (): void => {
    watcher.stop()
    void server.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

/** Lines are gathered off the path for up to 100 ms and flushed at exit; warnings and errors leave at once. */
function urgentAtOnce(lines: ReturnType<typeof pino.destination>): DestinationStream {
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

function configure(options: ServeOptions, local: Config['endpoints']): Config {
  const config = loadConfig({
    cwd: process.cwd(),
    env: process.env,
    ...(options.config === undefined ? {} : { file: options.config }),
  })
  const server = { ...config.server }
  if (options.host !== undefined) server.host = options.host
  if (options.port !== undefined) {
    const port = Number(options.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new ConfigError([
        { severity: 'error', message: `--port must be 0 to 65535, not "${options.port}"` },
      ])
    server.port = port
  }
  if (options.strict === true) server.strict = true
  let next: Config = { ...config, server }
  const added = [...(options.envKeys === true ? envKeyEndpoints(process.env) : []), ...local]
  next = addEndpoints(next, added)
  return options.demo === true ? withDemo(next) : next
}

function tellProblems(config: Config, log: Logger): void {
  for (const problem of config.problems)
    if (problem.severity === 'warning') log.warn({ problem: formatProblem(problem) }, 'configuration')
}
