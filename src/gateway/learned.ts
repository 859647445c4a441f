// Hosts change faster than tables. When one answers 400 or 422 and names an optional member of the request, the call is
// repeated once without it, and the member is left out of that model's calls for a day. Never learned from a 5xx, and
// never about what the call is made of.

import type { Clock } from '../core/clock.ts'
import type { Quirks } from '../core/dialect.ts'
import type { GatewayError } from '../core/error.ts'
import type { Holding } from '../core/holding.ts'
import { type Json, isObject } from '../core/json.ts'
import { scan } from '../wire/json-splice.ts'

export interface Learned {
  /** The deviations known of the host's record, and those learned since. */
  onTop(quirks: Quirks, deployment: string): Quirks
  /** true: the refusal taught something that a second try can use. `body` is what was sent. */
  from(error: GatewayError, deployment: string, body: Buffer | string | undefined): boolean
  holding(): Holding
}

interface Lesson {
  drop: Set<string>
  maxTokensField?: NonNullable<Quirks['maxTokensField']>
  until: number
}

const DAY_MS = 24 * 3_600_000
/** Callers can invent models of a wildcard endpoint. */
const MOST_DEPLOYMENTS = 1_000
const MOST_MEMBERS = 16

/** What a call is made of, what it asks for beyond tuning, and what keeps it safe. */
const KEPT = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'prompt',
  'input',
  'contents',
  'system',
  'systemInstruction',
  'instructions',
  'stream',
  'safety_settings',
  'safetySettings',
  'safety_identifier',
  'guardrails',
  'guardrailConfig',
  'store',
  'tool_choice',
  'response_format',
  'text',
  'format',
  'web_search_options',
  'modalities',
  'audio',
  'include',
  'background',
  'conversation',
  'previous_response_id',
])

export function learned(clock: Clock): Learned {
  const lessons = new Map<string, Lesson>()

  const lessonOf = (deployment: string): Lesson | undefined => {
    const lesson = lessons.get(deployment)
    if (!lesson || lesson.until > clock.now()) return lesson
    lessons.delete(deployment)
    return undefined
  }

  return {
    holding: () => ({ entries: lessons.size, mostEntries: MOST_DEPLOYMENTS }),
    onTop(quirks, deployment) {
      const lesson = lessons.size === 0 ? undefined : lessonOf(deployment)
      if (!lesson) return quirks
      return {
        ...quirks,
        drop: [...(quirks.drop ?? []), ...lesson.drop],
        ...(lesson.maxTokensField === undefined ? {} : { maxTokensField: lesson.maxTokensField }),
      }
    },
    from(error, deployment, body) {
      const { upstreamStatus } = error
      if ((upstreamStatus !== 400 && upstreamStatus !== 422) || body === undefined) return false
      const names = refusedMembers(error)
      const other = otherLimit(error)
      if (names.length === 0 && other === undefined) return false
      const sent = sentOf(body, [...names, 'max_tokens', 'max_completion_tokens'])
      const lesson: Lesson = lessonOf(deployment) ?? { drop: new Set(), until: 0 }
      let fresh = false
      if (other !== undefined && lesson.maxTokensField !== other && sent.size > 0) {
        lesson.maxTokensField = other
        fresh = true
      } else
        for (const name of names)
          if (sent.has(name) && !lesson.drop.has(name) && lesson.drop.size < MOST_MEMBERS) {
            lesson.drop.add(name)
            fresh = true
          }
      if (!fresh) return false
      if (lessons.size >= MOST_DEPLOYMENTS && !lessons.has(deployment))
        lessons.delete(lessons.keys().next().value as string)
      lesson.until = clock.now() + DAY_MS
      lessons.set(deployment, lesson)
      return true
    },
  }
}

/** Words by which hosts say that they do not take a member; a value out of range is the caller's own mistake. */
const REFUSAL =
  /unsupported|not support|unrecogni[sz]ed|unknown (parameter|field|argument|name)|extra inputs|extra_forbidden|not permitted|unexpected (keyword|field|argument)|deprecated for this model|is not allowed for this model/i

const NAMED = [
  /unsupported parameters?(?:\(s\))?:?\s*((?:[`'"]?\w+(?:\.\w+)*[`'"]?(?:,\s*)?)+)/i,
  /(?:unrecogni[sz]ed|unknown|unexpected)[^:`'"]*(?::\s*[`'"]?|[`'"])([a-z_]\w*)/i,
  /property [`'"](\w+)[`'"] is unsupported/i,
  /[`'"](\w+)[`'"] (?:is|are) (?:not supported|unsupported|deprecated|not permitted|not allowed)/i,
  /^(\w+)(?:\.[\w.]+)?: (?:extra inputs|`)/i,
  /(?:does|do) not support (?:the )?(?:parameter )?[`'"]?([a-z_]\w*)/i,
] as const

/** Members with another name in the words of a host. */
const SPELT: Readonly<Record<string, string>> = { thinking: 'think' }

/** Top-level members that the refusal names. */
export function refusedMembers(error: GatewayError): string[] {
  const names = new Set<string>()
  const add = (text: string): void => {
    const name = /^\w+/.exec(text.replaceAll(/[`'"]/g, '').trim())?.[0]
    if (name === undefined) return
    names.add(name)
    const other = SPELT[name]
    if (other !== undefined) names.add(other)
  }
  const body = error.verbatim?.body
  if (isObject(body) && Array.isArray(body.detail))
    for (const row of body.detail)
      if (isObject(row) && REFUSAL.test(`${textOf(row.type)} ${textOf(row.msg)}`) && Array.isArray(row.loc)) {
        const step = row.loc.find((part) => part !== 'body')
        if (typeof step === 'string') add(step)
      }
  // A problem document (NVIDIA) tells its members in the text alone.
  const message = isObject(body) && typeof body.detail === 'string' ? body.detail : error.message
  if (REFUSAL.test(message)) {
    if (typeof error.param === 'string') add(error.param)
    for (const pattern of NAMED) for (const text of pattern.exec(message)?.[1]?.split(',') ?? []) add(text)
  }
  return [...names].filter((name) => !KEPT.has(name))
}

/** OpenAI's reasoning models name the limit that they take in place of the one that was sent. */
function otherLimit({ message }: GatewayError): Lesson['maxTokensField'] | undefined {
  const found = /use [`'"]?(max_completion_tokens|max_tokens)[`'"]? instead/i.exec(message)?.[1]
  return found as Lesson['maxTokensField'] | undefined
}

function sentOf(body: Buffer | string, names: readonly string[]): Set<string> {
  const { spans } = scan(typeof body === 'string' ? Buffer.from(body) : body, [...names])
  return new Set(spans.keys())
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
