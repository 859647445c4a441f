// Tool names that an upstream's alphabet refuses travel under an alias; here they get their own names back.

import type { StreamEvent } from '../core/event.ts'
import type { GenerationRequest } from '../core/request.ts'
import { toolAliases } from '../dialects/anthropic-messages/index.ts'

export interface ToolNames {
  (event: StreamEvent): StreamEvent
  original(name: string): string
}

/** Undefined when no tool of the request has an alias, which is nearly always. */
export function toolNames(request: GenerationRequest): ToolNames | undefined {
  if (!request.tools || request.tools.length === 0) return undefined
  const aliases = toolAliases(request)
  if (aliases.size === 0) return undefined
  const original = (name: string): string => aliases.get(name) ?? name
  const rewrite = (event: StreamEvent): StreamEvent =>
    event.type === 'open' && event.open.kind === 'tool_call'
      ? { ...event, open: { ...event.open, name: original(event.open.name) } }
      : event
  return Object.assign(rewrite, { original })
}
