// The configuration file, changed while serving: looked at, tried, applied and taken back. The file is replaced in one
// step and only by one that a runtime could be built from; every version that was ever applied here can be had again.

import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Config, ConfigError, type ConfigProblem } from '../../config/config.ts'
import { lineDiff } from '../../config/line-diff.ts'
import { maskText, unmaskText } from '../../config/masked-text.ts'
import { type Plan, planChanges } from '../../config/plan.ts'
import { GatewayError, invalid } from '../../core/error.ts'
import type { ConfigVersion, Write } from '../../core/ports.ts'
import { Secret } from '../../core/secret.ts'
import { CONFIG_TEXT } from '../../stores/rekey.ts'
import { type Control, hashed } from './control.ts'
import type { Actor } from './state.ts'

export interface Trial {
  valid: boolean
  problems: ConfigProblem[]
  config?: Config
  plan: Plan
  /** Unified, secrets masked. */
  diff: string
}

/** The file's own text; empty where there is no file. */
export function currentText(control: Control): string {
  const { file } = control.state.declared
  return file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
}

export function textTag(text: string): string {
  return `"${hashed(text).slice(0, 20)}"`
}

export function writable(control: Control): boolean {
  const { file } = control.state.declared
  try {
    accessSync(file !== undefined && existsSync(file) ? file : dirname(file ?? './x'), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** What the text would change; it is built completely, and nothing is touched. @param text marks already replaced */
export function tryText(control: Control, text: string): Trial {
  const diff = lineDiff(maskText(currentText(control)), maskText(text))
  try {
    const config = control.load(text)
    return {
      valid: true,
      problems: config.problems,
      config,
      plan: planChanges(control.state.declared, config),
      diff,
    }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown
    return { valid: false, problems: thrown.problems, plan: { changes: [], restart: [] }, diff }
  }
}

/** The text as it would be written. @throws invalid for a mark with nothing behind it */
export function unmasked(control: Control, text: string): string {
  try {
    return unmaskText(text, currentText(control))
  } catch (thrown) {
    throw invalid('text', (thrown as Error).message)
  }
}

export async function applyText(
  control: Control,
  actor: Actor,
  text: string,
  options: { note?: string; action: 'config.apply' | 'config.rollback'; check(tag: string): void },
): Promise<{ trial: Trial; warning?: string; version: number | null }> {
  const before = currentText(control)
  options.check(textTag(before))
  const trial = tryText(control, text)
  if (!trial.config) {
    const first = trial.problems[0]
    throw new GatewayError(
      'invalid_request',
      `the old configuration stays in force: ${trial.problems.map((row) => `${row.line === undefined ? '' : `line ${row.line}: `}${row.message}`).join('; ')}`,
      {
        code: 'invalid_config',
        param: first?.line === undefined ? 'text' : `text:${first.line}:${first.column ?? 1}`,
      },
    )
  }
  const file = trial.config.file
  if (file === undefined) throw new GatewayError('invalid_request', 'there is no configuration file to write')
  const versions = await history(control)
  const writes: Write[] = []
  // What stood there before anybody changed it here, or was changed with an editor meanwhile, can be had back, too.
  if (before !== '' && versions[0]?.hash !== hashed(before))
    writes.push(versionOf(control, before, { name: 'file', from: '' }, 'as it stood before'))
  writes.push(versionOf(control, text, actor, options.note))
  const config = trial.config
  let written = false
  const said = await control
    .change({
      actor,
      action: options.action,
      target: file,
      before: textTag(before),
      after: textTag(text),
      writes,
      apply(state) {
        replaceFile(file, text)
        written = true
        return { ...state, declared: config }
      },
    })
    .catch((thrown: unknown) => {
      if (written) restoreFile(file, before)
      throw thrown
    })
  return { trial, version: (await history(control))[0]?.version ?? null, ...said }
}

export async function history(control: Control): Promise<ConfigVersion[]> {
  return (await (await control.store.existing())?.configVersions()) ?? []
}

/** @throws 404 for a version that is not there, and an error that says so where its seal does not open. */
export async function versionText(control: Control, version: number): Promise<string> {
  const found = await (await control.store.existing())?.configText(version)
  if (!found)
    throw new GatewayError('not_found', `no version ${version} (GET /api/v1/config/history lists them)`, {
      param: 'version',
    })
  if (!found.sealed) return found.text
  const opened = control.sealer?.open(found.sealed, CONFIG_TEXT)
  if (!opened)
    throw new GatewayError('invalid_request', `version ${version} was sealed under another secret key`, {
      status: 409,
      code: 'conflict',
    })
  return opened.reveal()
}

function versionOf(control: Control, text: string, actor: Actor, note: string | undefined): Write {
  const sealed = control.sealer?.seal(new Secret(text), CONFIG_TEXT)
  return {
    kind: 'add_config',
    // A file may hold secrets: it is kept in the clear only where there is no key to seal it with.
    text: sealed ? '' : text,
    ...(sealed ? { sealed } : {}),
    actor: actor.name,
    hash: hashed(text),
    bytes: Buffer.byteLength(text),
    ...(note === undefined ? {} : { note }),
  }
}

/** In one step: a reader sees the old text or the new one. The file keeps its mode. */
function replaceFile(file: string, text: string): void {
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o600
  const draft = join(dirname(file), `.${process.pid}-${Date.now()}.trunkline`)
  try {
    writeFileSync(draft, text, { mode })
    renameSync(draft, file)
  } catch (cause) {
    if (existsSync(draft)) unlinkSync(draft)
    throw new GatewayError(
      'invalid_request',
      `${file} cannot be written (${(cause as Error).message}); the old configuration stays in force`,
      { status: 409, code: 'read_only', cause },
    )
  }
}

function restoreFile(file: string, before: string): void {
  if (before === '') unlinkSync(file)
  else replaceFile(file, before)
}
