// GET /metrics: what the gateway counts, in Prometheus' text format. Loaded by the first scrape; every value is read when
// it is asked for, so that a call pays nothing for it. Any worker answers for all.

import type { Handler } from '../context.ts'

export const metrics: Handler = async (context) => {
  const [{ allValues }, { CONTENT_TYPE, exposition }, { METRICS }] = await Promise.all([
    import('../metrics/collect.ts'),
    import('../metrics/exposition.ts'),
    import('../metrics/table.ts'),
  ])
  const text = exposition(METRICS, await allValues(context.gateway, context.admin))
  context.response.writeHead(200, {
    'content-type': CONTENT_TYPE,
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': context.id,
  })
  context.response.end(context.request.method === 'HEAD' ? undefined : text)
}
