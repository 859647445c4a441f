// Ollama's own cloud: the same two dialects behind a key.

import { ollama } from '../local/ollama.ts'
import type { ProviderRecord } from '../provider.ts'

const { local: _local, ...shared } = ollama

export const ollamaCloud: ProviderRecord = {
  ...shared,
  id: 'ollama-cloud',
  title: 'Ollama Cloud',
  base: 'https://ollama.com/v1',
}
