// Anthropic.

import type { ProviderRecord } from '../provider.ts'

export const anthropic: ProviderRecord = {
  id: 'anthropic',
  title: 'Anthropic',
  env: { key: ['ANTHROPIC_API_KEY'] },
  base: 'https://api.anthropic.com/v1',
  auth: { type: 'header', name: 'x-api-key' },
  speaks: [{ dialect: 'anthropic-messages', path: '/messages', countPath: '/messages/count_tokens' }],
  paths: { models: '/models' },
  headers: { 'anthropic-version': '2023-06-01' },
  quirks: {},
}
