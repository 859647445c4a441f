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
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiError } from './api.ts'
import { StartPage } from './pages/start.tsx'
import { Shell } from './shell.tsx'
import { applyTheme } from './theme.ts'

applyTheme()

const root = createRootRoute({ component: Shell })

/** A page in a chunk of its own, loaded when it is first opened. */
function page<Module>(path: string, load: () => Promise<Module>, name: keyof Module & string) {
  return createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as () => Promise<Record<string, () => ReactNode>>, name),
  })
}

const router = createRouter({
  basepath: '/ui',
  routeTree: root.addChildren([
    createRoute({ getParentRoute: () => root, path: '/', component: StartPage }),
    page('endpoints', () => import('./pages/endpoints.tsx'), 'EndpointsPage'),
    page('models', () => import('./pages/models.tsx'), 'ModelsPage'),
    page('routes', () => import('./pages/routes.tsx'), 'RoutesPage'),
    page('playground', () => import('./pages/playground.tsx'), 'PlaygroundPage'),
    page('calls', () => import('./pages/calls.tsx'), 'CallsPage'),
    page('calls/$id', () => import('./pages/call.tsx'), 'CallPage'),
    page('health', () => import('./pages/health.tsx'), 'HealthPage'),
    page('settings', () => import('./pages/settings.tsx'), 'SettingsPage'),
    page('config', () => import('./pages/config.tsx'), 'ConfigPage'),
    page('audit', () => import('./pages/audit.tsx'), 'AuditPage'),
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
