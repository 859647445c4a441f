// The way from the public paths to the admin API, and its description.

import { GatewayError } from '../../core/error.ts'
import { adminRoutes, serveAdmin } from '../admin/index.ts'
import { openapi } from '../admin/openapi.ts'
import { type Context, sendJson } from '../context.ts'
import { version } from '../version.ts'

export function admin(context: Context): Promise<void> {
  if (!context.admin) throw new GatewayError('not_found', 'this server was started without the admin API')
  return serveAdmin(context, context.admin)
}

let document: unknown

export function apiDocument(context: Context): void {
  document ??= openapi(adminRoutes, version())
  sendJson(context, 200, document)
}
