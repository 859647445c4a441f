// `trunkline smoke`: is a gateway up, and what does it serve? Exit code 0 or 1, for scripts and container checks.

import { Command } from 'commander'

interface SmokeOptions {
  url: string
  key?: string
  json?: boolean
}

export function smokeCommand(): Command {
  return new Command('smoke')
    .description('check readiness and the model list of a running gateway; exit code 0 or 1')
    .option('--url <url>', 'address of the gateway', process.env.TRUNKLINE_URL ?? 'http://127.0.0.1:4000')
    .option('--key <key>', 'key to present (default: TRUNKLINE_MASTER_KEY or LITELLM_MASTER_KEY)')
    .option('--json', 'print one JSON object')
    .action(async (options: SmokeOptions) => {
      process.exitCode = (await smoke(options)) ? 0 : 1
    })
}

async function smoke(options: SmokeOptions): Promise<boolean> {
  const key = options.key ?? process.env.TRUNKLINE_MASTER_KEY ?? process.env.LITELLM_MASTER_KEY
  const base = options.url.replace(/\/+$/, '')
  const steps: { step: string; ok: boolean; detail: string }[] = []
  let models: string[] = []
  const ready = await get(`${base}/health/readiness`)
  steps.push({ step: 'readiness', ok: ready.ok, detail: ready.detail })
  if (ready.ok) {
    const list = await get(`${base}/v1/models`, key)
    models = list.ids
    steps.push({ step: 'models', ok: list.ok, detail: list.ok ? `${models.length} models` : list.detail })
  }
  const ok = steps.every((step) => step.ok) && steps.length === 2
  if (options.json === true) console.log(JSON.stringify({ ok, steps, models }))
  else {
    for (const { step, ok, detail } of steps) console.log(`${ok ? 'ok  ' : 'FAIL'} ${step}: ${detail}`)
    for (const id of models) console.log(`  ${id}`)
  }
  return ok
}

async function get(url: string, key?: string): Promise<{ ok: boolean; detail: string; ids: string[] }> {
  try {
    const response = await fetch(url, {
      headers: key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(5_000),
    })
    const body = (await response.json()) as { data?: { id: string }[]; error?: { message: string } }
    const detail = response.ok
      ? `HTTP ${response.status}`
      : `HTTP ${response.status}: ${body.error?.message ?? ''}`
    return { ok: response.ok, detail, ids: (body.data ?? []).map((row) => row.id) }
  } catch (thrown) {
    const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown
    const reason =
      cause instanceof Error
        ? 'code' in cause
          ? `${String(cause.code)} ${cause.message}`
          : cause.message
        : String(cause)
    return { ok: false, detail: `${url} does not answer: ${reason.trim()}`, ids: [] }
  }
}
