import { mkdtempSync, rmSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { afterEach, expect, test } from 'vitest'
import { ownSocket, peersOf } from './peers.ts'

const folder = mkdtempSync(`${tmpdir()}/trunkline-peers-`)
let other: Server | undefined

afterEach(() => {
  other?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('who does not take what it is told is named, and nobody else', async () => {
  other = createServer((request, response) => {
    request.resume()
    response.writeHead(request.url === '/good' ? 204 : 500).end()
  })
  await new Promise<void>((resolve) => other?.listen(ownSocket(folder, 2, 1), resolve))
  const peers = peersOf(folder, 1, 2, () => Promise.resolve({ pids: [], values: {} }))
  const missed: string[] = []
  await peers.tell('/good', {}, (why) => missed.push(why))
  expect(missed).toEqual([])
  await peers.tell('/bad', {}, (why) => missed.push(why))
  expect(missed).toEqual(['it answered 500'])
})
