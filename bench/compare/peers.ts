// The peers, installed into a scratch folder with the registries' own clients and started at fair settings: access log
// and database off. What cannot be had here says why.

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CORES, type Running, start } from '../overhead/processes.ts'
import { freePort } from '../overhead/targets.ts'

export interface Peer {
  name: string
  running: Running
  headers: Record<string, string>
  /** Cases it has. */
  cases: readonly string[]
}

export const LITELLM = '1.108.7'
export const ROUTER = '2.0.0'

export async function startLitellm(upstream: string, scratch: string): Promise<Peer> {
  const folder = join(scratch, 'litellm')
  mkdirSync(folder)
  const quiet = { stdio: 'ignore', timeout: 400_000 } as const
  execFileSync('python3', ['-m', 'venv', join(folder, 'env')], quiet)
  execFileSync(join(folder, 'env/bin/pip'), ['install', '-q', `litellm[proxy]==${LITELLM}`], quiet)
  const config = join(folder, 'config.yaml')
  writeFileSync(
    config,
    `model_list:
  - { model_name: bench-model, litellm_params: { model: openai/bench-model, api_base: "${upstream}/v1", api_key: sk-up } }
  - { model_name: messages-model, litellm_params: { model: anthropic/bench-model, api_base: "${upstream}", api_key: sk-up } }
litellm_settings: { telemetry: false, set_verbose: false }
`,
  )
  const port = await freePort()
  const running = await start(
    CORES.measured,
    [join(folder, 'env/bin/litellm'), '--config', config, '--port', String(port), '--host', '127.0.0.1'],
    // Its banner; with the log off it says nothing more.
    /██|Application startup complete|Uvicorn running/,
    {
      port,
      cwd: folder,
      env: {
        LITELLM_LOG: 'ERROR',
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        // It does not start without a key.
        LITELLM_MASTER_KEY: 'sk-any',
        LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true',
      },
      limitMs: 90_000,
    },
  )
  for (let turn = 0; turn < 180; turn++) {
    const alive = await fetch(`http://127.0.0.1:${port}/health/liveliness`).then(
      (response) => response.ok,
      () => false,
    )
    if (alive) break
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  return {
    name: `LiteLLM ${LITELLM}`,
    running,
    headers: { authorization: 'Bearer sk-any' },
    cases: ['relay', 'relay 500 KB', 'stream', 'messages in', 'messages out', 'embeddings'],
  }
}

/** Takes Messages only and asks an OpenAI upstream. */
export async function startRouter(upstream: string, scratch: string): Promise<Peer> {
  const folder = join(scratch, 'router')
  mkdirSync(join(folder, '.claude-code-router'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
  execFileSync(
    'npm',
    ['install', '--silent', '--no-save', '--ignore-scripts', `@musistudio/claude-code-router@${ROUTER}`],
    { cwd: folder, stdio: 'ignore', timeout: 180_000 },
  )
  const port = await freePort()
  writeFileSync(
    join(folder, '.claude-code-router/config.json'),
    JSON.stringify({
      LOG: false,
      HOST: '127.0.0.1',
      PORT: port,
      APIKEY: 'sk-any',
      Providers: [
        {
          name: 'up',
          api_base_url: `${upstream}/v1/chat/completions`,
          api_key: 'sk-up',
          models: ['bench-model'],
        },
      ],
      Router: { default: 'up,bench-model' },
    }),
  )
  const main = join(folder, 'node_modules/@musistudio/claude-code-router/dist/cli.js')
  const running = await start(
    CORES.measured,
    [process.execPath, main, 'start'],
    /listening|running|started|loaded json config/i,
    { port, cwd: folder, env: { HOME: folder, SERVICE_PORT: String(port) }, limitMs: 30_000 },
  )
  return {
    name: `claude-code-router ${ROUTER}`,
    running,
    headers: { 'x-api-key': 'sk-any', 'anthropic-version': '2023-06-01' },
    cases: ['messages in'],
  }
}

export const RUST = '0.9.0'

/** A Rust gateway. Building it takes half an hour of two cores, so an earlier build's binary may be named. */
export async function startRust(upstream: string, scratch: string): Promise<Peer> {
  const folder = join(scratch, 'litellm-rs')
  mkdirSync(folder)
  const built = process.env.LITELLM_RS
  if (built === undefined)
    execFileSync(
      'cargo',
      [
        'install',
        'litellm-rs',
        '--version',
        RUST,
        '--locked',
        '--root',
        folder,
        '--features',
        'gateway,storage',
        '--bin',
        'gateway',
      ],
      { stdio: 'ignore', timeout: 3_600_000 },
    )
  const port = await freePort()
  const provider = (name: string, type: string, base: string, model: string): string =>
    `  - { name: ${name}, provider_type: ${type}, api_key: sk-up-0123456789012345678901234567890123456789, base_url: "${base}", models: [${model}], rpm: 100000000, tpm: 1000000000, max_concurrent_requests: 1000, timeout: 30, max_retries: 1, enabled: true }
`
  const config = join(folder, 'gateway.yaml')
  writeFileSync(
    config,
    `schema_version: "1.0"
server: { host: 127.0.0.1, port: ${port}, dev_mode: true }
providers:
${provider('up', 'vllm', `${upstream}/v1`, 'bench-model')}router: { strategy: round_robin }
storage:
  database: { url: "postgresql://localhost/none", max_connections: 10, connection_timeout: 5, ssl: false, enabled: false, auto_migrate: false }
  redis: { url: "redis://localhost:6379", enabled: false, max_connections: 20, connection_timeout: 5, cluster: false }
  vector_db: null
auth: { enable_jwt: false, enable_api_key: false, allow_anonymous: true, jwt_secret: "", jwt_expiration: 86400, api_key_header: Authorization, rbac: { enabled: false, default_role: user, admin_roles: [admin] } }
monitoring:
  metrics: { enabled: false, port: 9090, path: /metrics, interval_seconds: 15 }
  tracing: { enabled: false, endpoint: null, service_name: none, sampling_rate: 0.1, jaeger: null }
  health: { path: /health, detailed: true }
  logging: null
cache: { enabled: false, ttl: 3600, max_size: 1000 }
pricing: { source: "embedded://model_prices_extended", allow_degraded: false, unpriced_model_policy: allow_unpriced, unpriced_fallback_cost_per_1k_tokens: 0.0 }
rate_limit: { enabled: false, strategy: token_bucket, default_rpm: 100000000, default_tpm: 1000000000 }
`,
  )
  const running = await start(
    CORES.measured,
    [built ?? join(folder, 'bin/gateway'), '--config', config],
    /listening|started|running|starting/i,
    { port, cwd: folder, env: { RUST_LOG: 'info' }, limitMs: 30_000 },
  )
  return {
    name: `litellm-rs ${RUST}`,
    running,
    headers: {},
    cases: ['relay', 'relay 500 KB', 'stream', 'embeddings'],
  }
}

/** Those that cannot be had or run here, and why. */
export const ABSENT: readonly (readonly [string, string])[] = [
  ['Bifrost', 'its Go module is refused by the module proxy under every exact name tried'],
  ['GoModel', 'no Go module of that name is listed'],
  ['@llmops/gateway 0.6.10', 'the package is a library without a program of its own; it is Portkey’s code'],
  ['agentgateway, Traceloop Hub', 'Rust; not on crates.io'],
  ['busbar', 'Rust; the crate holds only its name'],
]
