// The frame around every page: navigation, theme, session. Nothing is shown before the session is known.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import {
  Activity,
  Blocks,
  Compass,
  FileCog,
  HeartPulse,
  ListTree,
  LogOut,
  Menu,
  MessageSquare,
  Moon,
  ScrollText,
  Server,
  Settings2,
  Sun,
} from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { type Overview, get, logout, onSignedOut, session } from './api.ts'
import { LoginPage } from './pages/login.tsx'
import { Button, Failure, Loading, cx } from './parts/ui.tsx'
import { applyTheme } from './theme.ts'

const PAGES = [
  { to: '/', title: 'Start', icon: Compass },
  { to: '/endpoints', title: 'Endpoints', icon: Server },
  { to: '/models', title: 'Models', icon: Blocks },
  { to: '/routes', title: 'Routes', icon: ListTree },
  { to: '/playground', title: 'Playground', icon: MessageSquare },
  { to: '/calls', title: 'Calls', icon: Activity },
  { to: '/health', title: 'Health', icon: HeartPulse },
  { to: '/settings', title: 'Settings', icon: Settings2 },
  { to: '/config', title: 'Configuration', icon: FileCog },
  { to: '/audit', title: 'Audit', icon: ScrollText },
] as const

export function Shell(): ReactNode {
  const who = useQuery({ queryKey: ['session'], queryFn: session, staleTime: 60_000 })
  const queries = useQueryClient()
  useEffect(() => onSignedOut(() => void queries.invalidateQueries({ queryKey: ['session'] })), [queries])
  if (who.isPending) return <Loading />
  if (who.isError)
    return (
      <div className="p-6">
        <Failure error={who.error} retry={() => void who.refetch()} />
      </div>
    )
  if (!who.data.authenticated) return <LoginPage />
  return <Frame keyRequired={who.data.key_required} />
}

function Frame({ keyRequired }: { keyRequired: boolean }): ReactNode {
  const [open, setOpen] = useState(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  useEffect(() => setOpen(false), [path])
  return (
    <div className="flex h-full flex-col md:flex-row">
      <a
        href="#main"
        className="absolute -top-20 left-2 z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:top-2"
      >
        Skip to the page
      </a>
      <header className="flex items-center justify-between border-b border-line bg-panel px-3 py-2 md:hidden">
        <Brand />
        <Button look="quiet" aria-expanded={open} aria-controls="nav" onClick={() => setOpen(!open)}>
          <Menu size={18} aria-hidden="true" />
          Menu
        </Button>
      </header>
      <nav
        id="nav"
        aria-label="Pages"
        className={cx(
          'shrink-0 flex-col border-line bg-panel md:flex md:w-52 md:border-r',
          open ? 'flex border-b' : 'hidden',
        )}
      >
        <div className="hidden px-4 py-4 md:block">
          <Brand />
        </div>
        <ul className="grid grid-cols-2 gap-0.5 p-2 md:grid-cols-1">
          {PAGES.map(({ to, title, icon: Icon }) => (
            <li key={to}>
              <Link
                to={to}
                activeOptions={{ exact: to === '/' }}
                activeProps={{ className: 'bg-raised font-semibold', 'aria-current': 'page' }}
                className="flex items-center gap-2.5 rounded-md px-2.5 py-1.5 hover:bg-raised"
              >
                <Icon size={16} aria-hidden="true" />
                {title}
              </Link>
            </li>
          ))}
        </ul>
        <div className="mt-auto flex flex-wrap items-center gap-1 border-t border-line p-2">
          <ThemeButton />
          {keyRequired && <LogoutButton />}
          <Version />
        </div>
      </nav>
      <main id="main" tabIndex={-1} className="min-w-0 flex-1 overflow-y-auto">
        <Outlet />
      </main>
    </div>
  )
}

function Brand(): ReactNode {
  return (
    <span className="flex items-center gap-2 text-base font-semibold">
      <img src="/ui/favicon.svg" alt="" width="22" height="22" />
      Trunkline
    </span>
  )
}

function ThemeButton(): ReactNode {
  const [dark, setDark] = useState(document.documentElement.dataset.theme === 'dark')
  return (
    <Button
      look="quiet"
      aria-label={dark ? 'Light theme' : 'Dark theme'}
      onClick={() => {
        applyTheme(dark ? 'light' : 'dark')
        setDark(!dark)
      }}
    >
      {dark ? <Sun size={16} aria-hidden="true" /> : <Moon size={16} aria-hidden="true" />}
    </Button>
  )
}

function LogoutButton(): ReactNode {
  // A fresh page, so that nothing of the session is left in this one.
  const leave = (): void => location.assign('/ui/')
  return (
    <Button look="quiet" onClick={() => void logout().then(leave, leave)}>
      <LogOut size={16} aria-hidden="true" />
      Log out
    </Button>
  )
}

function Version(): ReactNode {
  const { data } = useQuery({ queryKey: ['overview'], queryFn: () => get<Overview>('/api/v1/overview') })
  return <span className="ml-auto px-1 text-xs text-soft">{data ? `v${data.version}` : ''}</span>
}
