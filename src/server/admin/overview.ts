// /api/v1/overview: the first page. What is here, what is wrong, and a line to paste for each client. And /api/v1/health
// and /api/v1/reload beside it.

import { ConfigError, formatProblem } from '../../config/config.ts'
import { GatewayError } from '../../core/error.ts'
import { version } from '../version.ts'
import { allTotals } from '../views/all.ts'
import { type AdminCall, type AdminRoute, route } from './admin-route.ts'
import { problemRow } from './problem-row.ts'
import * as schemas from './schemas.ts'
import { snippets } from './snippets.ts'
import { healthOf, healthReport, iso } from './view.ts'

async function overview(call: AdminCall<unknown>): Promise<schemas.Overview> {
  const { control, access, scanner, context } = call
  const { config } = control.gateway.runtime
  const { totals, missing } = await allTotals(call)
  const rows = control.merged.endpoints
  const serving = rows.filter((row) => row.enabled && row.shadowedBy === undefined)
  const states = serving.map((row) => healthOf(call, row).state)
  const count = (state: (typeof states)[number]): number => states.filter((row) => row === state).length
  const host = context.request.headers.host ?? `${config.server.host}:${config.server.port}`
  const url = `http://${host}`
  const model = config.defaultModel ?? config.routes[0]?.name ?? null
  return {
    version: version(),
    url,
    started_at: iso(control.startedAt) as string,
    uptime_s: Math.round((control.clock.now() - control.startedAt) / 1000),
    key_required: access.keyRequired(),
    endpoints: {
      total: rows.length,
      ok: count('ok'),
      down: count('down'),
      checking: count('checking'),
      unknown: count('unknown'),
      disabled: rows.filter((row) => !row.enabled && row.shadowedBy === undefined).length,
      shadowed: rows.filter((row) => row.shadowedBy !== undefined).length,
    },
    models: new Set([...config.routes.map((row) => row.name), ...Object.keys(config.aliases)]).size,
    routes: config.routes.filter((row) => row.implicit !== true).length,
    default_model: model,
    calls: totals,
    store: {
      place: control.store.place,
      state: control.store.state,
      message: control.store.message ?? null,
      sealing: control.sealer !== undefined,
    },
    discovery: {
      enabled: config.discovery?.localScan ?? false,
      running: scanner.running,
      last_scan_at: iso(scanner.lastAt),
      found: rows.filter((row) => row.endpoint.source === 'auto-discovery').length,
      peers: [...(config.discovery?.peers ?? [])],
      interval_s: config.discovery?.scanIntervalS ?? 0,
    },
    problems: [
      ...config.problems.map((problem) => ({
        severity: problem.severity,
        message: formatProblem(problem),
      })),
      ...(missing === 0
        ? []
        : [
            {
              severity: 'warning' as const,
              message: `${missing} of ${call.peers?.expected} workers did not answer in time: their calls are not counted here (they start, or are too busy)`,
            },
          ]),
    ],
    snippets: snippets({
      url,
      model: model ?? 'your-model',
      key: access.keyRequired() || config.server.masterKey !== undefined,
    }),
  }
}

export const overviewRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/overview',
    id: 'overview',
    tag: 'overview',
    summary: 'The gateway at a glance, with a line to paste for each client',
    answer: schemas.overview,
    handler: async (call) => ({ body: await overview(call) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/health',
    id: 'health',
    tag: 'overview',
    summary: 'Every endpoint that serves: how it is, why, and what can be done; asks nobody',
    answer: schemas.healthReport,
    handler: (call) => ({ body: healthReport(call) }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/health/check',
    id: 'health_check',
    tag: 'overview',
    summary: 'Asks every endpoint for its model list now, then reports',
    bodyOptional: true,
    answer: schemas.healthReport,
    async handler(call) {
      const rows = call.control.merged.endpoints.filter(
        (row) => row.enabled && row.shadowedBy === undefined && row.endpoint.provider.id !== 'demo',
      )
      await Promise.all(rows.map((row) => call.checks.run(row.endpoint)))
      return { body: healthReport(call) }
    },
  }),
  ...['/api/v1/reload', '/api/v1/admin/reload'].map((path, index) =>
    route({
      method: 'POST',
      path,
      id: index === 0 ? 'reload' : 'admin_reload',
      tag: 'config',
      summary: 'Reads file and environment again; what cannot be used leaves the old configuration in force',
      bodyOptional: true,
      answer: schemas.reloaded,
      changes: true,
      async handler({ control, actor }) {
        try {
          const next = control.load()
          await control.change({
            actor,
            action: 'config.reload',
            target: next.file ?? 'environment',
            writes: [],
            apply: (state) => ({ ...state, declared: next }),
          })
          return {
            body: {
              reloaded: true,
              endpoints: next.endpoints.length,
              problems: next.problems.map(problemRow),
            },
          }
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown
          throw new GatewayError(
            'invalid_request',
            `the old configuration stays in force: ${thrown.message}`,
            {
              code: 'invalid_config',
              cause: thrown,
            },
          )
        }
      },
    }),
  ),
]
