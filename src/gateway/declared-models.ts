// What the operator says of models, gathered: the `catalog:` block, and what stands beside a model of an endpoint. The
// closest word counts.

import type { ModelEntry } from '../catalog/index.ts'
import type { Config } from '../config/config.ts'

export function declaredModels({ catalog, endpoints }: Config): Record<string, ModelEntry> {
  const declared: Record<string, ModelEntry> = { ...catalog }
  for (const { id, models } of endpoints)
    for (const { upstream, declaredPrice } of models)
      if (declaredPrice) {
        const { input, output, cachedInput } = declaredPrice
        const key = `${id}/${upstream}`
        declared[key] = {
          ...declared[key],
          price: {
            asOf: 'the configuration',
            input,
            output,
            ...(cachedInput === undefined ? {} : { cacheRead: cachedInput }),
          },
        }
      }
  return declared
}
