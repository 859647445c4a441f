// The admin API and the console live in one worker, where changes are made and sessions kept. The others hand such
// requests over to it through a private socket.

import { type IncomingMessage, type ServerResponse, request as ask } from 'node:http'

/** Paths that the first worker answers. */
export function isAdminPath(url: string): boolean {
  return /^\/(?:api\/v1|ui)(?:[/?]|$)/.test(url)
}

export function forwarder(socketPath: string): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const onward = ask(
      { socketPath, path: request.url, method: request.method, headers: request.headers, timeout: 120_000 },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        answer.pipe(response)
      },
    )
    const broken = (): void => {
      if (response.headersSent) response.destroy()
      else
        response
          .writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' })
          .end(
            '{"error":{"message":"the worker that answers the admin API is starting again","code":"overloaded"}}',
          )
    }
    onward.on('error', broken)
    onward.on('timeout', () => onward.destroy())
    response.on('close', () => onward.destroy())
    request.pipe(onward)
  }
}
