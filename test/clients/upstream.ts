// One upstream on loopback for all wires: the path says which. Every conversation's faults are kept, by model.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Json, isObject } from '../../src/core/json.ts'
import { json, sendStep } from '../../src/testing/step.ts'
import { type Played, type Wire, play } from './agent.ts'
import { chat } from './wires/chat.ts'
import { gemini } from './wires/gemini.ts'
import { messages } from './wires/messages.ts'
import { responses } from './wires/responses.ts'

export const WIRES = { chat, messages, responses, gemini } as const
export type WireName = keyof typeof WIRES

export interface UpstreamCall {
  path: string
  body: Json | undefined
  played: Played | undefined
  /** Reasoning state was sent. */
  reasons: boolean
}

export interface Upstream {
  url: string
  /** What came since this was last called. */
  taken(): UpstreamCall[]
  close(): void
}

export async function startUpstream(): Promise<Upstream> {
  let calls: UpstreamCall[] = []
  const server = createServer((request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? '/'
      const { call, step } = answered(path, Buffer.concat(chunks).toString('utf8'))
      calls.push(call)
      void sendStep(response, step, gone.signal)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken() {
      const taken = calls
      calls = []
      return taken
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function answered(path: string, text: string) {
  const call: UpstreamCall = { path, body: undefined, played: undefined, reasons: false }
  const answer = (body: Json, status = 200) => ({ call, step: json(body, status) })
  try {
    call.body = JSON.parse(text) as Json
  } catch {
    return answer({ error: { message: 'no JSON' } }, 400)
  }
  const wires: readonly Wire[] = Object.values(WIRES)
  const counted = wires.find(({ count }) => count?.path.test(path))
  if (counted?.count) return answer(counted.count.body)
  const wire = wires.find((candidate) => candidate.path.test(path))
  if (!wire || !isObject(call.body)) return answer({ error: { message: `nothing at ${path}` } }, 404)
  const asked = wire.read(call.body, path)
  call.reasons = asked.reasons
  call.played = play(asked, wire)
  return { call, step: wire.write(call.played.turn, asked) }
}
