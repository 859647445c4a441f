// Who speaks Google's dialect: by path, by key header, by key in the query, or by what the client calls itself. The query
// is read here alone and never logged.

import type { IncomingHttpHeaders } from 'node:http'
import type { Context } from './context.ts'

const PATHS = /^\/(gemini|v1beta|v1beta1|v1alpha)\//

export function isGoogleCaller({ request, url }: Context): boolean {
  const { headers } = request
  return (
    PATHS.test(url.pathname) ||
    headers['x-goog-api-key'] !== undefined ||
    url.searchParams.has('key') ||
    /google-genai-sdk|gemini-cli/i.test(headers['user-agent'] ?? '')
  )
}

/** The request's headers, with the key of the query in the header it stands for. */
export function keyedHeaders({ request, url }: Context): IncomingHttpHeaders {
  const key = url.searchParams.get('key')
  return key === null || key === '' || request.headers['x-goog-api-key'] !== undefined
    ? request.headers
    : { ...request.headers, 'x-goog-api-key': key }
}
