// /api/v1/config: the file shown with its secrets masked, tried, applied and taken back.

import { maskText } from '../../config/masked-text.ts'
import {
  type Trial,
  applyText,
  currentText,
  history,
  textTag,
  tryText,
  unmasked,
  versionText,
  writable,
} from '../control/config-edit.ts'
import { hashed } from '../control/control.ts'
import type { ConfigVersion } from '../../core/ports.ts'
import { GatewayError } from '../../core/error.ts'
import { type AdminCall, type AdminRoute, type Answer, route } from './admin-route.ts'
import { effectiveConfig } from './effective-config.ts'
import { problemRow } from './problem-row.ts'
import * as schemas from './schemas.ts'

function planned(trial: Trial): schemas.ConfigPlan {
  return {
    valid: trial.valid,
    problems: trial.problems.map(problemRow),
    // Through JSON: a credential prints as "[secret]".
    changes: JSON.parse(JSON.stringify(trial.plan.changes)) as schemas.ChangeRow[],
    restart: trial.plan.restart,
    diff: trial.diff,
  }
}

function versionRow(row: ConfigVersion, current: string) {
  return {
    version: row.version,
    at: row.at,
    actor: row.actor,
    hash: row.hash,
    bytes: row.bytes,
    note: row.note ?? null,
    current: row.hash === current,
  }
}

async function applied(
  call: AdminCall<unknown>,
  text: string,
  options: { note?: string | undefined; action: 'config.apply' | 'config.rollback' },
): Promise<Answer> {
  const { trial, warning, version } = await applyText(call.control, call.actor, text, {
    action: options.action,
    ...(options.note === undefined ? {} : { note: options.note }),
    check: call.check,
  })
  const etag = textTag(text)
  return { body: { ...planned(trial), applied: true, version, etag, warning: warning ?? null }, etag }
}

export const configRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/config',
    id: 'config_show',
    tag: 'config',
    summary: 'The file as it stands and what it all comes to; secrets masked',
    answer: schemas.configView,
    async handler({ control }) {
      const text = currentText(control)
      const etag = textTag(text)
      const versions = await history(control)
      const { declared } = control.state
      return {
        body: {
          file: declared.file ?? null,
          writable: writable(control),
          text: maskText(text),
          etag,
          effective: effectiveConfig(control),
          problems: declared.problems.map(problemRow),
          version: versions.find((row) => row.hash === hashed(text))?.version ?? null,
        },
        etag,
      }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/config/validate',
    id: 'config_validate',
    tag: 'config',
    summary: 'What is wrong with a text, each with line and column',
    body: schemas.configText,
    answer: schemas.validation,
    handler({ control, body }) {
      const trial = tryText(control, unmasked(control, body.text))
      return { body: { valid: trial.valid, problems: trial.problems.map(problemRow) } }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/config/plan',
    id: 'config_plan',
    tag: 'config',
    summary: 'What a text would change, thing by thing; nothing is touched',
    body: schemas.configText,
    answer: schemas.configPlan,
    handler: ({ control, body }) => ({ body: planned(tryText(control, unmasked(control, body.text))) }),
  }),
  ...(
    [
      ['PUT', '/api/v1/config', 'config_put'],
      ['POST', '/api/v1/config/apply', 'config_apply'],
    ] as const
  ).map(([method, path, id]) =>
    route({
      method,
      path,
      id,
      tag: 'config',
      summary: 'Writes the file and serves by it; a text that cannot be used changes nothing',
      body: schemas.configText,
      answer: schemas.configApplied,
      changes: true,
      handler: (call) =>
        applied(call, unmasked(call.control, call.body.text), {
          note: call.body.note,
          action: 'config.apply',
        }),
    }),
  ),
  route({
    method: 'GET',
    path: '/api/v1/config/history',
    id: 'config_history',
    tag: 'config',
    summary: 'Every version that was applied here, newest first',
    answer: schemas.configHistory,
    async handler({ control }) {
      const current = hashed(currentText(control))
      const rows = await history(control)
      return { body: { object: 'list', data: rows.map((row) => versionRow(row, current)) } }
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/config/history/{version}',
    id: 'config_version',
    tag: 'config',
    summary: 'The text of one version, secrets masked',
    answer: schemas.configVersionText,
    async handler({ control, params }) {
      const version = Number(params.version)
      const text = await versionText(control, version)
      const row = (await history(control)).find((one) => one.version === version)
      if (!row) throw new GatewayError('not_found', `no version ${version}`, { param: 'version' })
      return { body: { ...versionRow(row, hashed(currentText(control))), text: maskText(text) } }
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/config/rollback',
    id: 'config_rollback',
    tag: 'config',
    summary: 'Applies an earlier version again',
    body: schemas.rollback,
    answer: schemas.configApplied,
    changes: true,
    async handler(call) {
      const text = await versionText(call.control, call.body.version)
      const note = call.body.note ?? `back to version ${call.body.version}`
      return applied(call, text, { note, action: 'config.rollback' })
    },
  }),
]
