// The login: one field. What is typed goes to the server and is kept nowhere here.

import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { login } from '../api.ts'
import { Button, Field } from '../parts/ui.tsx'

export function LoginPage(): ReactNode {
  const [key, setKey] = useState('')
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const queries = useQueryClient()
  const enter = async (): Promise<void> => {
    setBusy(true)
    setError(undefined)
    try {
      await login(key)
      await queries.invalidateQueries()
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown))
    } finally {
      setBusy(false)
    }
  }
  return (
    <main className="grid min-h-full place-items-center p-4">
      <form
        className="card flex w-full max-w-sm flex-col gap-4 p-6"
        onSubmit={(event) => {
          event.preventDefault()
          void enter()
        }}
      >
        <h1 className="flex items-center gap-2 text-lg font-semibold">
          <img src="/ui/favicon.svg" alt="" width="26" height="26" />
          Trunkline
        </h1>
        <Field label="Admin key" error={error} hint="The master key, or the admin key where one is set.">
          <input
            className="field font-mono"
            type="password"
            name="key"
            autoComplete="current-password"
            autoFocus
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </Field>
        <Button look="main" type="submit" disabled={busy || key === ''}>
          {busy ? 'Checking ...' : 'Log in'}
        </Button>
      </form>
    </main>
  )
}
