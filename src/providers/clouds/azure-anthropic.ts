// Claude on Microsoft Foundry: `https://{resource}.services.ai.azure.com/anthropic` as base, with or without `/v1`. The
// model is a deployment's name. Deployments hosted on Azure itself refuse server tools and structured output.

import type { ProviderRecord } from '../provider.ts'

export const azureAnthropic: ProviderRecord = {
  id: 'azure-anthropic',
  title: 'Claude on Microsoft Foundry',
  env: { key: ['ANTHROPIC_FOUNDRY_API_KEY', 'AZURE_ANTHROPIC_API_KEY'] },
  auth: { type: 'header', name: 'api-key' },
  entra: { scope: 'https://ai.azure.com/.default' },
  speaks: [{ dialect: 'anthropic-messages', path: '/messages', countPath: '/messages/count_tokens' }],
  paths: {},
  headers: { 'anthropic-version': '2023-06-01' },
  quirks: {},
}
