// Zhipu (China): the same house at another address.

import type { ProviderRecord } from '../provider.ts'
import { zai } from './zai.ts'

export const zhipuCn: ProviderRecord = {
  ...zai,
  id: 'zhipu-cn',
  title: 'Zhipu (China)',
  base: 'https://open.bigmodel.cn/api/paas/v4',
}
