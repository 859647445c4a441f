// /api/v1/settings: the gateway's own settings, each with the level that supplied it.

import { Secret } from '../../core/secret.ts'
import { type AdminRoute, route } from './admin-route.ts'
import * as schemas from './schemas.ts'

/** A secret shows whether it is set, nothing else. */
function shown(value: unknown): unknown {
  return value instanceof Secret ? '[secret]' : (value ?? null)
}

export const settingRoutes: readonly AdminRoute[] = [
  route({
    method: 'GET',
    path: '/api/v1/settings',
    id: 'setting_list',
    tag: 'config',
    summary: 'Every setting with its value, its default and the level it came from',
    answer: schemas.settingList,
    handler({ control }) {
      const { settings } = control.gateway.runtime.config
      const data = [...(settings?.values() ?? [])].map(
        (row): schemas.SettingRow => ({
          key: row.key,
          value: shown(row.value),
          level: row.level,
          from: row.from ?? null,
          default: shown(row.default),
          secret: row.secret,
          restart: row.restart,
          description: row.description,
        }),
      )
      return { body: { object: 'list', data } }
    },
  }),
]
