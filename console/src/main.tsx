// The console's front door: theme first, then session, then pages by path. Each page is its own chunk.

import './theme.css'
import 'uplot/dist/uPlot.min.css'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import {
  RouterProvider,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api.ts'
import { StartPage } from './pages/start.tsx'
import { Shell } from './shell.tsx'
import { applyTheme } from './theme.ts'

applyTheme()

const root = createRootRoute({ component: Shell })
const page = (path: string, load: () => Promise<Record<string, never>>, name: string) =>
  createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, never>>, name),
  })
type Load = () => Promise<Record<string, never>>

const router = createRouter({
  basepath: '/ui',
  routeTree: root.addChildren([
    createRoute({ getParentRoute: () => root, path: '/', component: StartPage }),
    page('endpoints', (() => import('./pages/endpoints.tsx')) as unknown as Load, 'EndpointsPage'),
    page('models', (() => import('./pages/models.tsx')) as unknown as Load, 'ModelsPage'),
    page('routes', (() => import('./pages/routes.tsx')) as unknown as Load, 'RoutesPage'),
    page('playground', (() => import('./pages/playground.tsx')) as unknown as Load, 'PlaygroundPage'),
    page('calls', (() => import('./pages/calls.tsx')) as unknown as Load, 'CallsPage'),
    page('calls/$id', (() => import('./pages/call.tsx')) as unknown as Load, 'CallPage'),
    page('health', (() => import('./pages/health.tsx')) as unknown as Load, 'HealthPage'),
    page('settings', (() => import('./pages/settings.tsx')) as unknown as Load, 'SettingsPage'),
    page('config', (() => import('./pages/config.tsx')) as unknown as Load, 'ConfigPage'),
    page('audit', (() => import('./pages/audit.tsx')) as unknown as Load, 'AuditPage'),
  ]),
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // What the server refuses it will refuse again; only a lost connection is worth another try.
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === 0,
    },
  },
})

const host = document.querySelector('#root')
if (host)
  createRoot(host).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  )
