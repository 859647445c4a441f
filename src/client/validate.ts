// Answers checked against a schema of the application's: any Standard Schema (zod, valibot, arktype ...). Many local
// servers do not enforce a schema, so the client looks itself; the raw text is always kept.

import type { Json } from '../core/json.ts'
import { InvalidAnswer, type ValidationIssue } from './errors.ts'
import type { ChatMessage } from './request.ts'

/** The part of https://standardschema.dev version 1 that is used here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

/** @throws InvalidAnswer with the raw text and every issue. */
export async function validated<T>(text: string, schema: StandardSchema<T>): Promise<T> {
  const found = jsonIn(text)
  if (found === undefined) throw new InvalidAnswer(text, [{ path: '', message: 'the answer is not JSON' }])
  const result = await schema['~standard'].validate(found)
  if (result.issues === undefined) return result.value
  throw new InvalidAnswer(
    text,
    result.issues.map(({ message, path }): ValidationIssue => ({ message, path: pathText(path ?? []) })),
  )
}

/** The JSON of an answer: the whole text, or the one fenced block or object in it. undefined: there is none. */
export function jsonIn(text: string): Json | undefined {
  const fenced = /```(?:json)?\s*\n([\s\S]*?)\n?```/.exec(text)?.[1]
  const first = text.search(/[[{]/)
  const last = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  const candidates = [text, fenced, first >= 0 && last > first ? text.slice(first, last + 1) : undefined]
  for (const candidate of candidates) {
    if (candidate === undefined) continue
    try {
      return JSON.parse(candidate) as Json
    } catch {
      // Not this one; the next candidate is looked at, and none at all is an issue of its own.
    }
  }
  return undefined
}

function pathText(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path
    .map((step) => (typeof step === 'object' ? step.key : step))
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('')
}

/** The round that asks once more: the answer as it was, and what is wrong with it. */
export function repairTurn(answer: ChatMessage, failed: InvalidAnswer): ChatMessage[] {
  const issues = failed.issues.map(({ path, message }) => `- ${path === '' ? '(whole)' : path}: ${message}`)
  return [
    answer,
    {
      role: 'user',
      content: `That does not satisfy the required schema:\n${issues.join('\n')}\nAnswer again with only the corrected JSON.`,
    },
  ]
}
