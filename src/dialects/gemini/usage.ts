// Usage, both ways. The prompt's count includes what was cached, but not what server tools put in; the candidates' count
// excludes thoughts. Reports in a stream are cumulative and may leave out what an earlier one said.

import { type Json, type JsonObject, asNumber, isObject } from '../../core/json.ts'
import type { Usage } from '../../core/usage.ts'

export function decodeUsage(wire: Json | undefined): Usage | undefined {
  if (!isObject(wire)) return undefined
  const prompt = asNumber(wire.promptTokenCount)
  const tools = asNumber(wire.toolUsePromptTokenCount)
  const candidates = asNumber(wire.candidatesTokenCount)
  const thoughts = asNumber(wire.thoughtsTokenCount)
  const total = asNumber(wire.totalTokenCount)
  const cached = asNumber(wire.cachedContentTokenCount)
  const audioIn = audio(wire.promptTokensDetails)
  const audioOut = audio(wire.candidatesTokensDetails)
  // A first chunk may know only its traffic type.
  if ([prompt, tools, candidates, thoughts, total].every((count) => count === undefined)) return undefined
  return {
    ...(prompt === undefined ? {} : { input: prompt + (tools ?? 0) }),
    // An answer that was all thought, or none at all, leaves the count out.
    ...(candidates === undefined && thoughts === undefined && prompt === undefined
      ? {}
      : { output: (candidates ?? 0) + (thoughts ?? 0) }),
    ...(total === undefined ? {} : { total }),
    ...(cached === undefined ? {} : { cacheRead: cached }),
    ...(thoughts === undefined ? {} : { reasoning: thoughts }),
    ...(audioIn === undefined ? {} : { audioInput: audioIn }),
    ...(audioOut === undefined ? {} : { audioOutput: audioOut }),
    raw: { dialect: 'gemini', value: wire },
  }
}

function audio(details: Json | undefined): number | undefined {
  if (!Array.isArray(details)) return undefined
  const counts = details.filter(isObject).filter((row) => row.modality === 'AUDIO')
  return counts.length === 0
    ? undefined
    : counts.reduce((sum, row) => sum + (asNumber(row.tokenCount) ?? 0), 0)
}

/** The last value of each member: nothing is summed. */
export function mergeUsage(before: JsonObject | undefined, later: Json | undefined): JsonObject | undefined {
  return isObject(later) ? { ...before, ...later } : before
}

export function encodeUsage(usage: Usage | undefined): JsonObject | undefined {
  if (!usage) return undefined
  if (usage.raw?.dialect === 'gemini') return usage.raw.value
  const { input, output, reasoning, cacheRead } = usage
  const total =
    usage.total ?? (input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0))
  return {
    ...(input === undefined ? {} : { promptTokenCount: input }),
    ...(cacheRead === undefined || cacheRead === 0 ? {} : { cachedContentTokenCount: cacheRead }),
    ...(output === undefined ? {} : { candidatesTokenCount: Math.max(0, output - (reasoning ?? 0)) }),
    ...(reasoning === undefined || reasoning === 0 ? {} : { thoughtsTokenCount: reasoning }),
    ...(total === undefined ? {} : { totalTokenCount: total }),
  }
}
