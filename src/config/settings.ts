// The gateway's own settings as one table: where each may be given, what holds without it, whether it needs a restart.
// The level that supplied a value travels with it, so that the console can say why something is as it is.
// Order everywhere: flag, config file, environment, default; only discovery's two switches let the environment win.

import type { Secret } from '../core/secret.ts'
import type { ConfigProblem } from './config.ts'
import { type SecretDeps, notEmpty, secretVariable } from './secret-env.ts'
import { secretOf } from './sources/trunkline.ts'
import type { ReadFile } from './yaml-file.ts'

export type SettingLevel = 'flag' | 'config' | 'env' | 'default'
export type SettingValue = string | number | boolean | readonly string[] | Secret | undefined

export interface Setting {
  key: string
  value: SettingValue
  level: SettingLevel
  /** `file:line`, or the variable's name. */
  from?: string
  default: SettingValue
  secret: boolean
  /** Takes effect at the next start. */
  restart: boolean
  description: string
}

/** What the command line said. */
export interface Flags {
  host?: string
  port?: number
  strict?: boolean
  allowOpen?: boolean
}

interface Spec {
  key: string
  /** Paths in the file, the first that is set counts. */
  paths: readonly (readonly string[])[]
  env: readonly string[]
  flag?: keyof Flags
  kind: 'text' | 'port' | 'number' | 'switch' | 'list' | 'secret'
  default: SettingValue
  restart: boolean
  /** The environment beats the file (requirement R-003-09). */
  envFirst?: boolean
  description: string
}

const MIB = 1024 * 1024

const SPECS = [
  spec('server.host', ['TRUNKLINE_HOST'], 'text', '127.0.0.1', true, 'address to listen on', {
    flag: 'host',
  }),
  spec('server.port', ['TRUNKLINE_PORT'], 'port', 4000, true, 'port to listen on', { flag: 'port' }),
  spec(
    'server.master_key',
    ['TRUNKLINE_MASTER_KEY', 'LITELLM_MASTER_KEY'],
    'secret',
    undefined,
    false,
    'the key callers present; without one nobody is asked for a key',
    {
      paths: [
        ['server', 'master_key'],
        ['general_settings', 'master_key'],
      ],
    },
  ),
  spec(
    'server.admin_key',
    ['TRUNKLINE_ADMIN_KEY'],
    'secret',
    undefined,
    false,
    'the key that opens the admin API and the console; without one the master key does',
  ),
  spec(
    'server.secret_key',
    ['TRUNKLINE_SECRET_KEY', 'LITELLM_SALT_KEY'],
    'secret',
    undefined,
    false,
    'seals stored credentials; without one the master key does, and without either none is stored',
  ),
  spec(
    'server.allow_open',
    ['TRUNKLINE_ALLOW_OPEN'],
    'switch',
    false,
    true,
    'listen on a public address without any key',
    {
      flag: 'allowOpen',
    },
  ),
  spec(
    'server.data_dir',
    ['TRUNKLINE_DATA_DIR'],
    'text',
    './.trunkline',
    true,
    'where endpoints.db and responses.db are made when first needed',
  ),
  spec(
    'server.max_body_bytes',
    ['TRUNKLINE_MAX_BODY_BYTES'],
    'number',
    25 * MIB,
    false,
    'largest request body that is held',
  ),
  spec(
    'server.max_upload_bytes',
    ['TRUNKLINE_MAX_UPLOAD_BYTES'],
    'number',
    512 * MIB,
    false,
    'largest form with files, which goes on while it comes',
  ),
  spec(
    'server.strict',
    ['TRUNKLINE_STRICT'],
    'switch',
    false,
    false,
    'refuse a translation that would lose something',
    {
      flag: 'strict',
    },
  ),
  spec(
    'server.http_proxy',
    ['HTTP_PROXY', 'http_proxy'],
    'text',
    undefined,
    false,
    'proxy for http upstreams',
  ),
  spec(
    'server.https_proxy',
    ['HTTPS_PROXY', 'https_proxy'],
    'text',
    undefined,
    false,
    'proxy for https upstreams',
  ),
  spec(
    'server.no_proxy',
    ['NO_PROXY', 'no_proxy'],
    'text',
    undefined,
    false,
    'hosts that are called without a proxy',
  ),
  spec(
    'discovery.local_scan',
    ['TRUNKLINE_LOCAL_DISCOVERY', 'LLM_PROXY_LOCAL_DISCOVERY'],
    'switch',
    true,
    false,
    'look for model servers on this machine and at the peers',
    { envFirst: true },
  ),
  spec(
    'discovery.peers',
    ['TRUNKLINE_DISCOVERY_PEERS', 'LLM_PROXY_DISCOVERY_PEERS'],
    'list',
    [],
    false,
    'further hosts to look at: host, host:port or [v6]:port',
    { envFirst: true },
  ),
  spec(
    'discovery.scan_interval_s',
    ['TRUNKLINE_DISCOVERY_INTERVAL_S'],
    'number',
    300,
    false,
    'seconds between scans; 0 scans at the start only',
  ),
] as const satisfies readonly Spec[]

function spec<K extends string>(
  key: K,
  env: readonly string[],
  kind: Spec['kind'],
  fallback: SettingValue,
  restart: boolean,
  description: string,
  more: Partial<Pick<Spec, 'paths' | 'flag' | 'envFirst'>> = {},
): Spec & { key: K } {
  return { key, paths: [key.split('.')], env, kind, default: fallback, restart, description, ...more }
}

export type SettingKey = (typeof SPECS)[number]['key']
export type Settings = ReadonlyMap<SettingKey, Setting>

/** Every setting with its value and where it came from. Values that cannot be read are problems, told with their place. */
export function readSettings(
  file: ReadFile | undefined,
  flags: Flags,
  deps: SecretDeps,
  problems: ConfigProblem[],
): Settings {
  return new Map(SPECS.map((row) => [row.key, settingOf(row, file, flags, deps, problems)]))
}

/** What the table's kinds come to. */
interface Values {
  'server.host': string
  'server.port': number
  'server.master_key': Secret | undefined
  'server.admin_key': Secret | undefined
  'server.secret_key': Secret | undefined
  'server.allow_open': boolean
  'server.data_dir': string
  'server.max_body_bytes': number
  'server.max_upload_bytes': number
  'server.strict': boolean
  'server.http_proxy': string | undefined
  'server.https_proxy': string | undefined
  'server.no_proxy': string | undefined
  'discovery.local_scan': boolean
  'discovery.peers': readonly string[]
  'discovery.scan_interval_s': number
}

export function settingValue<K extends SettingKey>(settings: Settings, key: K): Values[K] {
  return settings.get(key)?.value as Values[K]
}

function settingOf(
  row: Spec,
  file: ReadFile | undefined,
  flags: Flags,
  deps: SecretDeps,
  problems: ConfigProblem[],
): Setting {
  const base = {
    key: row.key,
    default: row.default,
    secret: row.kind === 'secret',
    restart: row.restart,
    description: row.description,
  }
  const flag = row.flag === undefined ? undefined : flags[row.flag]
  if (flag !== undefined) return { ...base, value: flag, level: 'flag', from: `--${row.flag}` }
  const levels = [() => fromFile(row, file), () => fromEnv(row, deps, problems)]
  for (const level of row.envFirst === true ? levels.toReversed() : levels) {
    const found = level()
    if (found) return { ...base, ...found }
  }
  return { ...base, value: row.default, level: 'default' }
}

type Found = Pick<Setting, 'value' | 'level' | 'from'>

function fromFile(row: Spec, file: ReadFile | undefined): Found | undefined {
  if (!file) return undefined
  for (const path of row.paths) {
    let value: unknown = file.value
    for (const step of path)
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined
    if (value === undefined || value === null || value === '') continue
    const { file: name, line } = file.place(path)
    const read =
      row.kind === 'secret' && typeof value === 'string'
        ? secretOf(value)
        : row.kind === 'list'
          ? listOf(value)
          : value
    return {
      value: read as SettingValue,
      level: 'config',
      from: line === undefined ? name : `${name}:${line}`,
    }
  }
  return undefined
}

const OFF = /^(0|false|off|no|)$/i
const ON = /^(1|true|on|yes)$/i

function fromEnv(row: Spec, deps: SecretDeps, problems: ConfigProblem[]): Found | undefined {
  for (const name of row.env) {
    const complain = (what: string): undefined => {
      problems.push({ severity: 'error', message: `${name} must be ${what}, not "${deps.env[name]}"` })
      return undefined
    }
    if (row.kind === 'secret') {
      try {
        const value = secretVariable(name, deps)
        if (value !== undefined) return { value: secretOf(value), level: 'env', from: name }
      } catch (thrown) {
        problems.push({ severity: 'error', message: (thrown as Error).message })
      }
      continue
    }
    const given = deps.env[name]
    // Empty is unset everywhere, but document 003 counts an empty switch among the ways to say "off".
    if (given === undefined || (given.trim() === '' && !(row.kind === 'switch' && row.envFirst === true)))
      continue
    const text = given.trim()
    const from = { level: 'env', from: name } as const
    if (row.kind === 'text') return { value: text, ...from }
    if (row.kind === 'list') return { value: listOf(text), ...from }
    if (row.kind === 'switch') {
      if (OFF.test(text)) return { value: false, ...from }
      return ON.test(text) ? { value: true, ...from } : complain('0 or 1')
    }
    const number = Number(text)
    const top = row.kind === 'port' ? 65_535 : Number.MAX_SAFE_INTEGER
    if (!Number.isInteger(number) || number < 0 || number > top)
      return complain(row.kind === 'port' ? '0 to 65535' : 'a whole number')
    return { value: number, ...from }
  }
  return undefined
}

function listOf(value: unknown): string[] {
  const items = Array.isArray(value) ? value.map(String) : String(value).split(',')
  return items.map((item) => item.trim()).filter((item) => notEmpty(item) !== undefined)
}
