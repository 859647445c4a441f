// Which endpoint a command is about: a name from the configuration, an address, or the first thing that is configured.

import { surroundings } from '../config/surroundings.ts'
import type { Config } from '../config/config.ts'
import type { ClientOptions } from '../client/options.ts'
import { loadBase } from '../client/load.ts'
import { type Resolved, resolve } from '../client/resolve.ts'

export interface TargetOptions {
  config?: string
  url?: string
  provider?: string
  key?: string
  model?: string
  insecure?: boolean
  caFile?: string
}

/** Something that looks like an address rather than a name. */
export function isAddress(text: string): boolean {
  return /[/:]|^localhost$|^\d+\.\d+\.\d+\.\d+$/.test(text)
}

/** `--url` and the like as options of the client; `name` is the command's argument. */
export function clientOptions(name: string | undefined, options: TargetOptions): ClientOptions {
  const url = options.url ?? (name !== undefined && isAddress(name) ? name : undefined)
  const provider = options.provider ?? (name !== undefined && !isAddress(name) ? name : undefined)
  return {
    ...(url === undefined ? {} : { baseUrl: url }),
    ...(provider === undefined ? {} : { provider }),
    ...(options.key === undefined ? {} : { apiKey: options.key }),
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.insecure === true ? { insecureTls: true } : {}),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
  }
}

export interface Surroundings {
  config: Config | undefined
  /** @throws LlmError for an unknown name or an address that cannot be. */
  resolve(options: ClientOptions): Resolved
}

/** @throws LlmError naming what is wrong with the configuration. */
export async function lookAround(
  file: string | undefined,
  warn: (message: string) => void,
): Promise<Surroundings> {
  const base = await loadBase({ ...surroundings(), ...(file === undefined ? {} : { config: file }) }, warn)
  const registered = { providers: new Map(), models: new Map() }
  return { config: base.config, resolve: (param) => resolve({ ...base, param, registered, warn }) }
}
