// Reads what a client stands on: the config file in any of its dialects, the settings file, the environment with `.env`.
// Loaded on first use only, because the readers weigh more than the client.

import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { parse } from 'yaml'
import { type Config, ConfigError, formatProblem } from '../config/config.ts'
import { loadConfig, withDotEnv } from '../config/load.ts'
import { Other } from './errors.ts'
import type { Settings } from './settings.ts'

interface LoadBase {
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  config?: string | false
  settings?: Settings | string
}

export async function loadBase(
  { cwd, env, config, settings }: LoadBase,
  warn: (message: string) => void,
): Promise<{
  settings: Settings
  config: Config | undefined
  env: LoadBase['env']
  readFile(path: string): string
}> {
  const at = (path: string): string => (isAbsolute(path) ? path : join(cwd, path))
  const readFile = (path: string): string => readFileSync(at(path), 'utf8')
  return {
    settings: typeof settings === 'string' ? settingsFile(settings, readFile) : (settings ?? {}),
    config:
      config === false
        ? undefined
        : configOf({ cwd, env, ...(config === undefined ? {} : { file: config }) }, warn),
    env: withDotEnv({ cwd, env }),
    readFile: (path) => {
      if (!existsSync(at(path))) throw new Error(`the file "${path}" does not exist`)
      return readFile(path)
    },
  }
}

function configOf(options: Parameters<typeof loadConfig>[0], warn: (message: string) => void): Config {
  try {
    const config = loadConfig(options)
    for (const problem of config.problems) warn(formatProblem(problem))
    return config
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    throw new Other(thrown.message, { status: 0, kind: 'not_configured', attempts: 0, cause: thrown })
  }
}

function settingsFile(path: string, readFile: (path: string) => string): Settings {
  let value: unknown
  try {
    value = parse(readFile(path))
  } catch (thrown) {
    throw notConfigured(`the settings file "${path}" cannot be read: ${(thrown as Error).message}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw notConfigured(`the settings file "${path}" must hold keys and values`)
  return value as Settings
}

function notConfigured(message: string): Other {
  return new Other(message, { status: 0, kind: 'not_configured', attempts: 0 })
}
