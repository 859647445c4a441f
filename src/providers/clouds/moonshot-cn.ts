// Moonshot (China): the same house at another address.

import type { ProviderRecord } from '../provider.ts'
import { moonshot } from './moonshot.ts'

export const moonshotCn: ProviderRecord = {
  ...moonshot,
  id: 'moonshot-cn',
  title: 'Moonshot (China)',
  base: 'https://api.moonshot.cn/v1',
}
