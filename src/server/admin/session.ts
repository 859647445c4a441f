// /api/v1/login, /logout and /session: how a browser gets in.

import { type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'
import { iso } from './view.ts'

export const sessionRoutes: readonly AdminRoute[] = [
  route({
    method: 'POST',
    path: '/api/v1/login',
    id: 'login',
    tag: 'session',
    summary:
      'Opens a browser session with the admin key; five wrong keys a minute close the door for a while',
    open: true,
    body: schemas.login,
    answer: schemas.session,
    handler({ access, context, body, control }) {
      const { session, cookie } = access.login(context.request, body.key)
      control.log.info({ from: context.request.socket.remoteAddress }, 'admin login')
      return {
        body: {
          authenticated: true,
          key_required: access.keyRequired(),
          csrf_token: session.csrf,
          expires_at: iso(session.expiresAt),
        },
        headers: { 'set-cookie': cookie },
      }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/logout',
    id: 'logout',
    tag: 'session',
    summary: 'Ends the browser session',
    open: true,
    bodyOptional: true,
    answer: schemas.loggedOut,
    handler: ({ access, context }) => ({
      body: { authenticated: false },
      headers: { 'set-cookie': access.logout(context.request) },
    }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/session',
    id: 'session',
    tag: 'session',
    summary: 'Whether this browser is in, and the token its changes need',
    open: true,
    answer: schemas.session,
    handler({ access, context }) {
      const session = access.session(context.request)
      const required = access.keyRequired()
      return {
        body: {
          authenticated: session !== undefined || !required,
          key_required: required,
          csrf_token: session?.csrf ?? null,
          expires_at: iso(session?.expiresAt),
        },
      }
    },
  }),
]
