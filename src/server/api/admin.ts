// The way from the public paths to the admin API, and its description.

import { GatewayError } from '../../core/error.ts'
import { type Context, sendJson } from '../context.ts'
import { version } from '../version.ts'

export const PREFIX = '/api/v1/'

/** Loaded by its first request: most starts serve calls only, and the schemas take their time. */
export async function admin(context: Context): Promise<void> {
  if (!context.admin) throw new GatewayError('not_found', 'this server was started without the admin API')
  const { serveAdmin } = await import('../admin/index.ts')
  return serveAdmin(context, context.admin)
}

let document: unknown

export async function apiDocument(context: Context): Promise<void> {
  if (document === undefined) {
    const [{ adminRoutes }, { openapi }] = await Promise.all([
      import('../admin/index.ts'),
      import('../admin/openapi.ts'),
    ])
    document = openapi(adminRoutes, version())
  }
  sendJson(context, 200, document)
}
