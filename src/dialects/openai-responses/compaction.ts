// A compaction item stands for what was said before it. Ours holds a readable summary, packed; a vendor's own is readable to
// that vendor alone.

import { type Json, type JsonObject, isObject } from '../../core/json.ts'
import { carrySummary, readSummary } from '../../core/seal.ts'

/** What the model reads in place of the item. */
const LEAD = 'Summary of the conversation up to here, which was shortened:\n\n'

export function isCompaction(item: Json): item is JsonObject {
  return isObject(item) && item.type === 'compaction'
}

export function compactionItem(id: string, summary: string): JsonObject {
  return { id, type: 'compaction', encrypted_content: carrySummary(summary) }
}

/** The text that an item of ours stands for; undefined for another's. */
export function compactedText(item: JsonObject): string | undefined {
  const { encrypted_content: content } = item
  const summary = typeof content === 'string' ? readSummary(content) : undefined
  return summary === undefined ? undefined : LEAD + summary
}
