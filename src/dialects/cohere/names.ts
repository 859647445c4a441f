// Tool names of this wire: letters, digits and underscores, no digit first.

import { aliasOf } from '../../core/alias.ts'

export const wireName = (name: string): string =>
  aliasOf(name, { legal: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/, refused: /[^A-Za-z0-9_]/g, most: 64 })
