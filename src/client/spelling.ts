// Options as document 001 spells them, and the guard against the ones nobody knows: a misspelt option that is silently
// ignored is a setting lost.

import { nearest } from '../config/nearest.ts'
import { Other } from './errors.ts'
import { type ClientOptions, OPTIONS, type OptionName } from './options.ts'

/** The document's names; `timeout` and `request_timeout` are in seconds. */
export interface DocumentSpelling {
  base_url?: string
  api_key?: string
  model_name?: string
  max_tokens?: number
  max_retries?: number
  timeout?: number
  request_timeout?: number
  custom_headers?: Readonly<Record<string, string>>
  requests_per_second?: number
}

const SPELT: Readonly<Record<keyof DocumentSpelling | 'baseURL', OptionName>> = {
  base_url: 'baseUrl',
  baseURL: 'baseUrl',
  api_key: 'apiKey',
  model_name: 'model',
  max_tokens: 'maxTokens',
  max_retries: 'maxRetries',
  timeout: 'timeoutMs',
  request_timeout: 'requestTimeoutMs',
  custom_headers: 'headers',
  requests_per_second: 'requestsPerSecond',
}

/** Members of `createClient` and of the methods that are no options of the levels. */
const BESIDES: readonly string[] = [
  'config',
  'settings',
  'env',
  'cwd',
  'retry',
  'breaker',
  'onRetry',
  'onWarning',
  'clock',
  'random',
  'signal',
  'validate',
  'repair',
  'features',
]

/** Only what is an option, under its own name; undefined members hide nothing. @throws Other for an unknown one. */
export function spelt(given: object): ClientOptions {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || BESIDES.includes(name)) continue
    const own = name in SPELT ? SPELT[name as keyof typeof SPELT] : name
    if (!(own in OPTIONS)) {
      const near = nearest(name, [...Object.keys(OPTIONS), ...BESIDES])
      throw new Other(`unknown option "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}`, {
        status: 0,
        kind: 'invalid_request',
        param: name,
        attempts: 0,
      })
    }
    const seconds = name === 'timeout' || name === 'request_timeout'
    options[own] = seconds && typeof value === 'number' ? value * 1_000 : value
  }
  return options
}
