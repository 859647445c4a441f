// One address, asked what it is: the first questions decide whether anybody is there, the others who it is.

import { type Agent, request } from 'node:http'
import type { Json } from '../../core/json.ts'
import { BY_PORT, FIRST_ASKS, SIGNATURES, type Said, modelNames } from './signatures.ts'
import { urlHost } from './peers.ts'

export interface Identified {
  kind: string
  title: string
  /** Id of the provider record. */
  record: string
  host: string
  port: number
  baseUrl: string
  models: string[]
  version?: string
  evidence: string
  /** It asks for a key. */
  locked: boolean
}

export type Verdict = { found: Identified } | { self: true } | { nobody: true }

export interface IdentifyOptions {
  agent: Agent
  host: string
  port: number
  /** Our own instance id: who answers with it is ourselves. */
  instance: string
  /** For one question. */
  limitMs: number
}

const BODY_CAP = 1024 * 1024

export async function identify(options: IdentifyOptions): Promise<Verdict> {
  const { host, port } = options
  const said = new Map<string, Said>()
  const ask = async (paths: readonly string[]): Promise<void> => {
    await Promise.all(
      paths.map(async (path) => {
        const answer = await question(options, path)
        if (answer) said.set(path, answer)
      }),
    )
  }
  await ask(FIRST_ASKS)
  if (said.size === 0) return { nobody: true }
  if ([...said.values()].some((row) => row.headers['x-trunkline-instance'] === options.instance))
    return { self: true }
  const worthy = [...said.values()].some(
    (row) => row.status === 401 || row.status === 403 || row.json !== undefined,
  )
  if (!worthy) return { nobody: true }
  await ask([...new Set(SIGNATURES.flatMap((row) => row.asks))])
  const answers = (path: string): Said | undefined => said.get(path)
  const list = answers('/v1/models')
  const openList = list?.status === 200 ? modelNames(list.json) : undefined
  for (const row of SIGNATURES) {
    const evidence = row.matches(answers)
    if (evidence === undefined) continue
    const listed = row.base === '/v1' ? openList : modelNames(answers(`${row.base}/models`)?.json)
    const names = listed?.length ? listed : (modelNames(answers('/api/tags')?.json) ?? listed)
    const asksKey = list?.status === 401 || list?.status === 403
    if (!asksKey && (names === undefined || names.length === 0)) return { nobody: true }
    return {
      found: {
        kind: row.kind,
        title: row.title,
        record: row.record,
        host,
        port,
        baseUrl: `http://${urlHost(host)}:${port}${row.base}`,
        models: asksKey ? [] : (names ?? []),
        ...versionOf(row.kind === 'ollama' ? answers('/api/version') : answers('/version')),
        evidence,
        locked: asksKey,
      },
    }
  }
  const asksKey =
    list !== undefined && (list.status === 401 || list.status === 403) && list.json !== undefined
  if (!asksKey && (openList === undefined || openList.length === 0)) return { nobody: true }
  const usual = BY_PORT.get(port) ?? {
    kind: 'openai-compatible',
    title: 'OpenAI-compatible',
    record: 'openai-compatible',
  }
  return {
    found: {
      ...usual,
      host,
      port,
      baseUrl: `http://${urlHost(host)}:${port}/v1`,
      models: openList ?? [],
      evidence: asksKey ? '/v1/models asks for a key' : '/v1/models is a list, on the usual port',
      locked: asksKey,
    },
  }
}

function versionOf(said: Said | undefined): { version?: string } {
  const body = said?.json
  const version = typeof body === 'object' && body !== null && !Array.isArray(body) ? body.version : undefined
  return typeof version === 'string' ? { version: version.slice(0, 40) } : {}
}

/** Undefined: no HTTP answer in time. Redirects are answers and never followed; no key is ever sent. */
function question(options: IdentifyOptions, path: string): Promise<Said | undefined> {
  const { agent, host, port, instance, limitMs } = options
  return new Promise((resolve) => {
    // Nobody there, or too slow: the normal case, and not worth a word.
    const nobody = (): void => resolve(undefined)
    const asking = request(
      {
        agent,
        host: host.replace(/^\[|\]$/g, ''),
        port,
        path,
        headers: { accept: 'application/json', 'x-trunkline-probe': instance },
        signal: AbortSignal.timeout(limitMs),
      },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (bytes: Buffer) => {
          size += bytes.length
          if (size > BODY_CAP) answer.destroy()
          else chunks.push(bytes)
        })
        answer.on('close', nobody)
        answer.on('error', nobody)
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          resolve({ status: answer.statusCode ?? 0, text, json: parsed(text), headers: answer.headers })
        })
      },
    )
    asking.on('error', nobody)
    asking.end()
  })
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
