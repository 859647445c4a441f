// GET /metrics: what the gateway counts, in Prometheus' text format. The library loads with the first scrape; every value
// is read when it is asked for, so that a call pays nothing for it.

import type { Registry } from 'prom-client'
import type { Gateway } from '../../gateway/create-gateway.ts'
import type { Context, Handler } from '../context.ts'

const registries = new WeakMap<Gateway, Registry>()

async function registryOf({ gateway, admin }: Context): Promise<Registry> {
  const known = registries.get(gateway)
  if (known) return known
  const { Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const registers = [registry]
  const { counters } = gateway.runtime.telemetry

  const calls = new Counter({
    name: 'trunkline_calls_total',
    help: 'Calls that ended, by the status their caller got.',
    labelNames: ['status'],
    registers,
    collect() {
      calls.reset()
      for (const [status, count] of counters.byStatus) calls.inc({ status: String(status) }, count)
    },
  })
  const tokens = new Counter({
    name: 'trunkline_tokens_total',
    help: 'Tokens that upstreams reported.',
    labelNames: ['direction'],
    registers,
    collect() {
      tokens.reset()
      tokens.inc({ direction: 'input' }, counters.inputTokens)
      tokens.inc({ direction: 'output' }, counters.outputTokens)
    },
  })
  const underWay = new Gauge({
    name: 'trunkline_calls_under_way',
    help: 'Calls that have not ended yet.',
    registers,
    collect() {
      underWay.set(admin?.live.count ?? 0)
    },
  })
  const up = new Gauge({
    name: 'trunkline_endpoint_up',
    help: '1: its last probe passed; 0: it failed; absent: it was not asked.',
    labelNames: ['endpoint'],
    registers,
    collect() {
      up.reset()
      const { config, probes } = gateway.runtime
      for (const { id } of config.endpoints) {
        const { status } = probes.status(id)
        if (status === 'ok' || status === 'down') up.set({ endpoint: id }, status === 'ok' ? 1 : 0)
      }
    },
  })
  const memory = new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of this process.',
    registers,
    collect() {
      memory.set(process.memoryUsage.rss())
    },
  })
  registries.set(gateway, registry)
  return registry
}

export const metrics: Handler = async (context) => {
  const registry = await registryOf(context)
  const text = await registry.metrics()
  context.response.writeHead(200, {
    'content-type': registry.contentType,
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': context.id,
  })
  context.response.end(context.request.method === 'HEAD' ? undefined : text)
}
