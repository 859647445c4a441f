// Tool names that an upstream's alphabet refuses travel under an alias; here they get their own names back.

import type { GenerationDialect } from './dialect.ts'
import type { StreamEvent } from './event.ts'
import type { GenerationRequest } from './request.ts'

export interface ToolNames {
  (event: StreamEvent): StreamEvent
  original(name: string): string
}

/** Undefined when no tool of the request has an alias, which is nearly always. */
export function toolNames(request: GenerationRequest, upstream: GenerationDialect): ToolNames | undefined {
  // The names of a request in the upstream's own dialect are never touched.
  if (!request.tools || !upstream.toolName || request.dialect === upstream.id) return undefined
  const aliases = new Map<string, string>()
  for (const tool of request.tools) {
    if (tool.type === 'native') continue
    const alias = upstream.toolName(tool.name)
    if (alias !== tool.name) aliases.set(alias, tool.name)
  }
  if (aliases.size === 0) return undefined
  const original = (name: string): string => aliases.get(name) ?? name
  const rewrite = (event: StreamEvent): StreamEvent =>
    event.type === 'open' && event.open.kind === 'tool_call'
      ? { ...event, open: { ...event.open, name: original(event.open.name) } }
      : event
  return Object.assign(rewrite, { original })
}
