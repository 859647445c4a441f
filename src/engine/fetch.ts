// The engine as a web-standard `fetch`: whatever host the SDK believes to call, the path decides. Web streams appear
// here only; the byte path inside stays synchronous.

import type { ServerResponse } from 'node:http'
import { type Head, answer, incoming } from './injected.ts'

type Serve = (request: ReturnType<typeof incoming>, response: ServerResponse) => Promise<void>

export async function fetchThrough(
  serve: () => Promise<Serve>,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const request = new Request(input, init)
  const { signal } = request
  signal.throwIfAborted()
  const { pathname, search } = new URL(request.url)
  const body = Buffer.from(await request.arrayBuffer())
  const run = await serve()
  return new Promise<Response>((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined
    let resume: (() => void) | undefined
    const response = answer({
      head: (head) => resolve(new Response(bodyOf(head), head)),
      piece(bytes, done) {
        controller?.enqueue(new Uint8Array(bytes))
        if ((controller?.desiredSize ?? 1) > 0) done()
        else resume = done
      },
      end() {
        signal.removeEventListener('abort', hangUp)
        try {
          controller?.close()
        } catch {
          // Cancelled by the reader meanwhile: there is nobody left to tell.
        }
      },
    })
    const bodyOf = ({ status }: Head): ReadableStream<Uint8Array> | null =>
      status === 204 || status === 304
        ? null
        : new ReadableStream({
            start(made) {
              controller = made
            },
            pull() {
              const go = resume
              resume = undefined
              go?.()
            },
            cancel() {
              response.destroy()
            },
          })
    const hangUp = (): void => {
      response.destroy()
      controller?.error(signal.reason)
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', hangUp, { once: true })
    const headers = Object.fromEntries(request.headers)
    const { method } = request
    run(incoming({ method, path: pathname + search, headers, body }), response).catch(reject)
  })
}
