// Qwen (DashScope, China): the same house at another address.

import type { ProviderRecord } from '../provider.ts'
import { qwen } from './qwen.ts'

export const qwenCn: ProviderRecord = {
  ...qwen,
  id: 'qwen-cn',
  title: 'Qwen (DashScope, China)',
  base: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
}
