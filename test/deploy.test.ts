// The files of deploy/ read as their engines would read them, since none runs here: what they promise is in them, and
// every variable they name is one the gateway knows.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, 'deploy', path), 'utf8')

interface Compose {
  services: Record<
    string,
    {
      extra_hosts: string[]
      ports: string[]
      build: { context: string; dockerfile: string }
      environment: Record<string, string>
      volumes: string[]
      read_only: boolean
    }
  >
  volumes: Record<string, unknown>
}

test('A-019 the compose file makes host.docker.internal resolve on Linux', () => {
  const compose = parse(read('compose.yaml')) as Compose
  expect(compose.services.trunkline?.extra_hosts).toContain('host.docker.internal:host-gateway')
})

test('the compose file: built from the Dockerfile, for this machine only, with a key or not at all', () => {
  const compose = parse(read('compose.yaml')) as Compose
  const service = compose.services.trunkline
  expect(service?.build).toEqual({ context: '..', dockerfile: 'deploy/Dockerfile' })
  expect(service?.ports.every((port) => port.startsWith('127.0.0.1:'))).toBe(true)
  expect(service?.environment.TRUNKLINE_MASTER_KEY).toMatch(/^\$\{TRUNKLINE_MASTER_KEY:\?/)
  const named = (service?.volumes ?? []).flatMap((volume) =>
    volume.startsWith('.') ? [] : [volume.split(':')[0]],
  )
  expect(named.every((name) => name !== undefined && name in compose.volumes)).toBe(true)
  // The commented services are valid as soon as their comments are gone.
  const opened = read('compose.yaml').replace(
    /^(\s*)# (?=( {2})*(redis|postgres|image|restart|volumes|healthcheck|environment|POSTGRES|redis-data|postgres-data)[\w-]*:)/gm,
    '$1',
  )
  const all = parse(opened) as Compose
  expect(Object.keys(all.services)).toEqual(['trunkline', 'redis', 'postgres'])
  expect(Object.keys(all.volumes)).toEqual(['trunkline-data', 'redis-data', 'postgres-data'])
})

test('the Dockerfile: two stages, not root, a health check, a start that exists', () => {
  const text = read('Dockerfile')
  const lines = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const known = /^(FROM|ENV|WORKDIR|COPY|RUN|USER|VOLUME|EXPOSE|HEALTHCHECK|STOPSIGNAL|ENTRYPOINT|CMD) /
  expect(lines.filter((line) => !known.test(line))).toEqual([])
  expect(lines.filter((line) => line.startsWith('FROM '))).toHaveLength(2)
  const last = lines.findLastIndex((line) => line.startsWith('FROM '))
  const final = lines.slice(last)
  expect(final.findIndex((line) => line === 'USER node')).toBeGreaterThan(0)
  expect(final.find((line) => line.startsWith('HEALTHCHECK'))).toContain('/health/readiness')
  // What is executed as JSON must be JSON.
  for (const line of final.filter((one) => /^(ENTRYPOINT|CMD|VOLUME) /.test(one)))
    expect(Array.isArray(JSON.parse(line.slice(line.indexOf(' ') + 1)))).toBe(true)
  const check = final.find((line) => line.startsWith('HEALTHCHECK')) ?? ''
  expect(JSON.parse(check.slice(check.indexOf('CMD ') + 4))).toHaveLength(3)
  // No secret is baked in.
  expect(text).not.toMatch(/(KEY|SECRET|TOKEN|PASSWORD)=/)
  const copied = lines.flatMap((line) =>
    line.startsWith('COPY --from') ? [] : (/^COPY (.*) \S+$/.exec(line)?.[1] ?? '').split(' '),
  )
  for (const path of copied.filter((one) => one !== '' && one !== '.'))
    expect(() => readFileSync(join(ROOT, path))).not.toThrow()
})

test('the systemd unit: its own user, nothing it may write but its state, reload by signal', () => {
  const lines = read('systemd/trunkline.service')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(lines.filter((line) => !/^(\[\w+\]|\w+=.*)$/.test(line))).toEqual([])
  for (const line of [
    'User=trunkline',
    'ProtectSystem=strict',
    'NoNewPrivileges=yes',
    'StateDirectory=trunkline',
    'ExecReload=/bin/kill -HUP $MAINPID',
  ])
    expect(lines).toContain(line)
})

test('.env.example names variables the gateway reads, and no value of a secret', () => {
  const text = read('.env.example').replace(/^#(?=[A-Z_]+=)/gm, '')
  const known = ['load.ts', 'settings.ts', 'sources/env.ts']
    .map((file) => readFileSync(join(ROOT, 'src/config', file), 'utf8'))
    .join('\n')
  for (const [name, value] of Object.entries(parseEnv(text))) {
    const read =
      known.includes(`'${name}'`) ||
      /^TRUNKLINE_ENDPOINT_\w+_(URL|KEY|MODELS|PROVIDER)$/.test(name) ||
      /^(OPENAI|ANTHROPIC)_API_KEY$/.test(name)
    expect([name, read]).toEqual([name, true])
    if (name.endsWith('KEY')) expect([name, value]).toEqual([name, ''])
  }
})
