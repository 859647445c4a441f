// `serve --workers 2` as an operator runs it: one port, one limit, a killed worker, a rolling restart, a clean end.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'trunkline-workers-'))
let upstream: Server
/** Calls by the connection they came on; each worker has connections of its own. */
const seen = new Map<Socket, number>()
let parent: ChildProcess
let url = ''

const answer = JSON.stringify({
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})

async function ask(model = 'm'): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }),
    // A connection handed to a worker in the very moment it is killed is lost: its caller's own limit ends the wait.
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  await response?.arrayBuffer()
  return response?.status ?? 0
}

function workers(): number[] {
  const { pid } = parent
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number)
}

/** Both workers have answered. */
async function bothServe(): Promise<void> {
  seen.clear()
  await expect
    .poll(
      async () => {
        await Promise.all(Array.from({ length: 8 }, () => ask('free')))
        return seen.size
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThanOrEqual(2)
}

beforeAll(async () => {
  upstream = createServer((request, response) => {
    seen.set(request.socket, (seen.get(request.socket) ?? 0) + 1)
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(answer)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  writeFileSync(
    join(folder, 'trunkline.yaml'),
    `endpoints:
  up: { provider: openai, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-up, models: [m], rate_limit: { rpm: 60 }, probe: off }
  free: { provider: openai, base_url: "http://127.0.0.1:${port}/v1", api_key: sk-up, models: [free], probe: off }
`,
  )
  parent = spawn(process.execPath, [MAIN, 'serve', '--workers', '2', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  url = await new Promise<string>((resolve, reject) => {
    let said = ''
    parent.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)))
    parent.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString()
      const found = /listening on (http:\S+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
}, 60_000)

afterAll(() => {
  parent?.kill('SIGKILL')
  upstream?.close()
  upstream?.closeAllConnections()
  rmSync(folder, { recursive: true, force: true })
})

test('an rpm limit of 60 lets exactly 60 calls through, of both workers together', async () => {
  await bothServe()
  seen.clear()
  const statuses = await Promise.all(Array.from({ length: 150 }, () => ask()))
  expect(statuses.filter((status) => status === 200)).toHaveLength(60)
  expect(statuses.filter((status) => status === 429)).toHaveLength(90)
  expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(60)
})

test('the admin API is one, whichever worker a request comes to', async () => {
  const ids = new Set<string>()
  for (let turn = 0; turn < 6; turn++) {
    const response = await fetch(`${url}/healthz`, {
      headers: { 'x-trunkline-probe': '1', connection: 'close' },
    })
    ids.add(String(response.headers.get('x-trunkline-instance')))
    const calls = await fetch(`${url}/api/v1/calls`, { headers: { connection: 'close' } })
    expect(calls.status).toBe(200)
    await calls.arrayBuffer()
  }
  expect(ids.size).toBe(1)
})

test('a killed worker is replaced, and the port goes on answering', { timeout: 60_000 }, async () => {
  const [victim] = workers()
  process.kill(victim as number, 'SIGKILL')
  await expect.poll(() => ask('free'), { timeout: 25_000 }).toBe(200)
  await expect.poll(() => workers().filter((pid) => pid !== victim).length, { timeout: 20_000 }).toBe(2)
  await bothServe()
})

test('SIGUSR2 replaces every worker without a refused call', { timeout: 90_000 }, async () => {
  const enough = new AbortController()
  const statuses: number[] = []
  const load = Array.from({ length: 12 }, async () => {
    while (!enough.signal.aborted) statuses.push(await ask('free'))
  })
  // More than once: what is lost at a change of worker is lost in a moment that is short.
  for (let turn = 0; turn < 3; turn++) {
    const before = workers()
    parent.kill('SIGUSR2')
    await expect
      .poll(() => workers().length === 2 && workers().every((pid) => !before.includes(pid)), {
        timeout: 25_000,
      })
      .toBe(true)
  }
  enough.abort()
  await Promise.all(load)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})

test('SIGTERM ends all of them, with code 0', async () => {
  const ended = new Promise((resolve) => parent.once('exit', resolve))
  const before = workers()
  parent.kill('SIGTERM')
  expect(await ended).toBe(0)
  for (const pid of before) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
})
