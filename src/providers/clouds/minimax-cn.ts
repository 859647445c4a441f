// MiniMax (China): the same house at another address.

import type { ProviderRecord } from '../provider.ts'
import { minimax } from './minimax.ts'

export const minimaxCn: ProviderRecord = {
  ...minimax,
  id: 'minimax-cn',
  title: 'MiniMax (China)',
  base: 'https://api.minimaxi.com/v1',
}
