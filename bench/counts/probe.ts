// Loaded into the gateway's process before anything else (`node --import`): tells, when asked over IPC, how much was
// allocated and how often a socket was written to or read from. Numbers that do not depend on how busy a machine is.

import { Socket } from 'node:net'

export interface Sample {
  /** Bytes on the heap; with young space large enough that nothing is collected, the sum of all allocations. */
  heapBytes: number
  /** Bytes of buffers outside the heap. */
  externalBytes: number
  writes: number
  reads: number
}

let writes = 0
let reads = 0

/** Where every write of a socket, gathered or not, leaves for the operating system. */
const WRITE = '_writeGeneric'
const prototype = Socket.prototype as Socket & { [WRITE](...args: unknown[]): unknown }
const writeGeneric = prototype[WRITE]
prototype[WRITE] = function counted(this: unknown, ...args: unknown[]) {
  writes++
  return writeGeneric.apply(this, args)
}
const push = prototype.push
prototype.push = function counted(this: Socket, ...args: Parameters<Socket['push']>) {
  if (args[0] !== null) reads++
  return push.apply(this, args)
}

process.on('message', (message) => {
  if (message !== 'sample') return
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heapBytes: heapUsed, externalBytes: external, writes, reads } satisfies Sample)
})
process.channel?.unref()
