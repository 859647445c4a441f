// Light, dark, or as the system says. Remembered in this browser; nothing else is.

export type Theme = 'light' | 'dark' | 'system'
const KEY = 'trunkline-theme'

export function theme(): Theme {
  const kept = localStorage.getItem(KEY)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function applyTheme(next?: Theme): void {
  if (next !== undefined) localStorage.setItem(KEY, next)
  const wanted = theme()
  const dark =
    wanted === 'dark' || (wanted === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => applyTheme())
