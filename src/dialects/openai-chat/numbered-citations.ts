// Perplexity writes `[1]` into its text and lists what that points to in the root of the answer: `citations`, addresses
// alone, and `search_results` in the same order, with titles (seen in recorded answers of sonar).

import { type JsonObject, isObject } from '../../core/json.ts'
import type { Citation } from '../../core/part.ts'

export interface Source {
  url: string
  title: string
}

/** Undefined where the answer or chunk lists none. */
export function sourcesIn(wire: JsonObject): Source[] | undefined {
  const { citations, search_results: results } = wire
  const found = Array.isArray(results) ? results : []
  const urls = Array.isArray(citations) && citations.length > 0 ? citations : found
  if (urls.length === 0) return undefined
  return urls.map((entry, index) => {
    const url = typeof entry === 'string' ? entry : text(isObject(entry) ? entry.url : undefined)
    const same = (row: unknown): boolean => isObject(row) && row.url === url
    const result = same(found[index]) ? found[index] : found.find(same)
    return { url, title: text(isObject(result) ? result.title : undefined) }
  })
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** @param offset UTF-16 units of the answer's text before this part of it. */
export function numberedCitations(said: string, sources: readonly Source[], offset: number): Citation[] {
  return [...said.matchAll(/\[(\d{1,3})\]/g)].flatMap((mark): Citation[] => {
    const source = sources[Number(mark[1]) - 1]
    if (!source || source.url === '') return []
    const start = offset + mark.index
    const end = start + mark[0].length
    const { url, title } = source
    return [
      {
        kind: 'url',
        url,
        title,
        start,
        end,
        dialect: 'openai-chat',
        raw: { type: 'url_citation', url_citation: { url, title, start_index: start, end_index: end } },
      },
    ]
  })
}
