// Z.ai (coding plan): the same house at another address.

import type { ProviderRecord } from '../provider.ts'
import { zai } from './zai.ts'

export const zaiCoding: ProviderRecord = {
  ...zai,
  id: 'zai-coding',
  title: 'Z.ai (coding plan)',
  base: 'https://api.z.ai/api/coding/paas/v4',
  // One step further from the root.
  speaks: zai.speaks.map((spoken) =>
    spoken.dialect === 'anthropic-messages' ? { ...spoken, path: '/../../../anthropic/v1/messages' } : spoken,
  ),
  paths: {},
}
