// The recordings of the plain operations: what a host answered passes as it is, embeddings are the same numbers in the
// encoding asked for, and lists of models are read. Left out: ollama/embed, for Ollama is asked at /v1/embeddings.

import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { type JsonObject, isObject } from '../../src/core/json.ts'
import { type Gateway, createGateway } from '../../src/gateway/create-gateway.ts'
import { type RunningServer, startServer } from '../../src/server/index.ts'
import { type Fake, recordedReply, startFake } from '../../src/testing/index.ts'
import { modelIds } from '../../src/upstream/ask.ts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { recordedRoot, recordingsPresent } from './cases.ts'

/** Folder, and the path asked where the recording kept none. */
const FOLDERS: Readonly<Record<string, string>> = {
  'openai/embeddings': '/v1/embeddings',
  'openai/images': '/v1/images/generations',
  'openai/moderations': '/v1/moderations',
  'openai/files': '/v1/files',
  'openai/audio-transcriptions': '/v1/audio/transcriptions',
  'groq/audio-transcriptions': '/v1/audio/transcriptions',
  'mistral/audio-transcriptions': '/v1/audio/transcriptions',
}

interface Case {
  name: string
  dir: string
  path: string
  method: string
  body: JsonObject | undefined
}

function casesIn(folder: string, path: string): Case[] {
  const root = join(recordedRoot, folder)
  if (!existsSync(root)) return []
  return readdirSync(root)
    .toSorted()
    .map((name) => {
      const dir = join(root, name)
      const file = join(dir, 'request.json')
      const kept: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
      const request = isObject(kept) ? kept : {}
      return {
        name: `${folder}/${name}`,
        dir,
        path: typeof request.path === 'string' ? request.path : path,
        method: typeof request.method === 'string' ? request.method : 'POST',
        body: isObject(request.body) ? request.body : undefined,
      }
    })
}

const cases = recordingsPresent
  ? Object.entries(FOLDERS).flatMap(([folder, path]) => casesIn(folder, path))
  : []

describe.skipIf(!recordingsPresent)(`plain recordings at ${recordedRoot}`, () => {
  let fake: Fake
  let gateway: Gateway
  let server: RunningServer
  let folder: string

  beforeAll(async () => {
    fake = await startFake({ kind: 'openai', models: ['m'] })
    folder = mkdtempSync(join(tmpdir(), 'trunkline-plain-recorded-'))
    writeFileSync(
      join(folder, 'trunkline.yaml'),
      `endpoints:\n  host: { provider: openai, base_url: "${fake.url}/v1", models: [m] }\n`,
    )
    gateway = createGateway(loadConfig({ cwd: folder, env: {} }), {
      log: pino({ level: 'silent' }),
      probe: false,
    })
    server = await startServer({ gateway, host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    await server.close(100)
    await fake.close()
    rmSync(folder, { recursive: true })
  })

  test.each(cases)('$name', async ({ dir, path, method, body }) => {
    const reply = recordedReply(dir)
    const bytes = Buffer.isBuffer(reply.body) ? reply.body : Buffer.from('')
    fake.script(reply)
    const form = new FormData()
    form.set('model', 'm')
    form.set('file', new Blob(['x']), 'a.bin')
    const isForm = path.includes('/audio/') || path.includes('/edits')
    const answer = await fetch(`${server.url}${path}`, {
      method,
      ...(method === 'GET'
        ? {}
        : isForm
          ? { body: form }
          : {
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ prompt: 'x', ...body, model: 'm' }),
            }),
    })
    const got = Buffer.from(await answer.arrayBuffer())
    expect(answer.status).toBe(reply.status ?? 200)
    if (path === '/v1/embeddings' && answer.status === 200) expect(vectors(got)).toEqual(vectors(bytes))
    else if (answer.status === 200) expect(got.equals(bytes)).toBe(true)
    else expect(JSON.parse(got.toString())).toEqual(JSON.parse(bytes.toString()))
  })

  test.each(['openai/models', 'cerebras/models'])('%s is read as a list', (row) => {
    for (const name of readdirSync(join(recordedRoot, row))) {
      const { body } = recordedReply(join(recordedRoot, row, name))
      const wire: unknown = JSON.parse(Buffer.isBuffer(body) ? body.toString() : '')
      if (!isObject(wire) || !Array.isArray(wire.data)) continue
      expect(modelIds(wire)).toEqual(wire.data.filter(isObject).map((entry) => entry.id))
    }
  })
})

/** Numbers of each vector, in order, whatever their encoding. */
function vectors(bytes: Buffer): number[][] {
  const wire: unknown = JSON.parse(bytes.toString())
  const rows = isObject(wire) && Array.isArray(wire.data) ? wire.data.filter(isObject) : []
  return rows.map(({ embedding }) => {
    if (Array.isArray(embedding)) return embedding.map((value) => Math.fround(Number(value)))
    const raw = Buffer.from(typeof embedding === 'string' ? embedding : '', 'base64')
    return Array.from({ length: Math.floor(raw.length / 4) }, (_, index) => raw.readFloatLE(index * 4))
  })
}
