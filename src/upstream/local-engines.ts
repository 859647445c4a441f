// Engines on this box, found by asking their usual ports on the loopback once. Nothing else is asked, and what is
// found lives in memory only.

import type { EndpointConfig } from '../providers/endpoint.ts'
import { provider } from '../providers/index.ts'

const ENGINES = [
  { id: 'ollama', port: 11_434 },
  { id: 'lmstudio', port: 1_234 },
  { id: 'vllm', port: 8_000 },
  { id: 'llamacpp', port: 8_080 },
] as const
const LIMIT_MS = 1_500

/** @param ownPort the gateway's own port, never asked. */
export async function findLocalEngines(ownPort: number): Promise<EndpointConfig[]> {
  const found = await Promise.all(
    ENGINES.filter((engine) => engine.port !== ownPort).map(async ({ id, port }) => {
      const record = provider(id)
      const baseUrl = `http://127.0.0.1:${port}/v1`
      const models = await ids(`${baseUrl}/models`)
      if (!record || models.length === 0) return []
      const endpoint: EndpointConfig = {
        id,
        provider: record,
        baseUrl,
        models: models.map((name) => ({ name, upstream: name })),
        wildcard: false,
        source: 'auto-discovery',
        probe: 'off',
        probeRequireModels: false,
        timeouts: { connectMs: 5_000, firstByteMs: 600_000, idleMs: 300_000, totalMs: 0 },
        rateLimit: {},
        maxRetries: 0,
        headers: {},
        priority: 0,
        tls: { insecure: false },
      }
      return [endpoint]
    }),
  )
  return found.flat()
}

/** Model ids in OpenAI's list shape; anything else (a web page, LM Studio's 200 with an error) is no engine. */
async function ids(url: string): Promise<string[]> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS), redirect: 'error' })
    if (!response.ok) return []
    const body: unknown = await response.json()
    const rows = typeof body === 'object' && body !== null && 'data' in body ? body.data : undefined
    if (!Array.isArray(rows)) return []
    return rows.flatMap((row: unknown) =>
      typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string' ? [row.id] : [],
    )
  } catch {
    // Nothing listens there: the normal case, and not worth a word.
    return []
  }
}
