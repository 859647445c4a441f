// Rules that say which calls a deployment is for: by header, metadata, model name, size, text, time. Compiled once; what
// a rule does not ask for is never looked up, so that a body is parsed only for a rule that reads it.

import type { Json } from '../core/json.ts'

/** A literal, or a regular expression written `/like this/i`. */
export type Pattern = string

export interface Condition {
  /** Lower-case name to pattern; all must hold. */
  header?: Readonly<Record<string, Pattern>>
  /** Member of the request's `metadata`; all must hold. */
  metadata?: Readonly<Record<string, Pattern>>
  /** The model as the caller named it. */
  model?: Pattern
  /** Bytes of the request body. */
  minBytes?: number
  maxBytes?: number
  /** Estimated input tokens. */
  minTokens?: number
  maxTokens?: number
  stream?: boolean
  /** On the text of the last user message. */
  text?: Pattern
  time?: {
    /** `HH:MM`; a window over midnight is fine. */
    from?: string
    to?: string
    days?: readonly string[]
    /** IANA name. Default UTC. */
    zone?: string
  }
}

/** What a condition may look at; each member is worked out when it is asked for. */
export interface CallFacts {
  header(name: string): string | undefined
  metadata(name: string): Json | undefined
  model: string
  bytes: number
  tokens(): number
  stream: boolean
  text(): string
}

/** undefined: it holds. Else what does not, in words. */
export type Test = (facts: CallFacts, now: number) => string | undefined

/** A text longer than this is matched by its beginning: an expression must not hold up the process. */
const TEXT_CAP = 32 * 1024
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** @throws Error with a message that names the member, for a pattern or a time that is none. */
export function compile(condition: Condition): Test {
  const tests: Test[] = []
  const { minBytes, maxBytes, minTokens, maxTokens, stream } = condition
  for (const [name, pattern] of Object.entries(condition.header ?? {})) {
    const holds = matcher(pattern, `header.${name}`)
    const lower = name.toLowerCase()
    tests.push((facts) => (holds(facts.header(lower)) ? undefined : `header ${lower}`))
  }
  if (condition.model !== undefined) {
    const holds = matcher(condition.model, 'model')
    tests.push((facts) => (holds(facts.model) ? undefined : 'model'))
  }
  if (stream !== undefined) tests.push((facts) => (facts.stream === stream ? undefined : 'stream'))
  if (minBytes !== undefined || maxBytes !== undefined)
    tests.push(({ bytes }) =>
      bytes < (minBytes ?? 0) || bytes > (maxBytes ?? Number.POSITIVE_INFINITY)
        ? `${bytes} bytes`
        : undefined,
    )
  if (condition.time) tests.push(timeTest(condition.time))
  if (minTokens !== undefined || maxTokens !== undefined)
    tests.push((facts) => {
      const tokens = facts.tokens()
      return tokens < (minTokens ?? 0) || tokens > (maxTokens ?? Number.POSITIVE_INFINITY)
        ? `${tokens} tokens`
        : undefined
    })
  for (const [name, pattern] of Object.entries(condition.metadata ?? {})) {
    const holds = matcher(pattern, `metadata.${name}`)
    tests.push((facts) => {
      const value = facts.metadata(name)
      return holds(value === undefined || value === null ? undefined : plain(value))
        ? undefined
        : `metadata ${name}`
    })
  }
  if (condition.text !== undefined) {
    const holds = matcher(condition.text, 'text')
    tests.push((facts) => (holds(facts.text().slice(0, TEXT_CAP)) ? undefined : 'text'))
  }
  return (facts, now) => {
    for (const test of tests) {
      const failed = test(facts, now)
      if (failed !== undefined) return failed
    }
    return undefined
  }
}

function plain(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function matcher(pattern: Pattern, place: string): (value: string | undefined) => boolean {
  const written = /^\/(.*)\/([a-z]*)$/s.exec(pattern)
  if (!written) return (value) => value === pattern
  let expression: RegExp
  try {
    // g and y keep a position between calls.
    expression = new RegExp(written[1] as string, (written[2] as string).replace(/[gy]/g, ''))
  } catch (cause) {
    throw new Error(`${place}: ${cause instanceof Error ? cause.message : 'not a regular expression'}`, {
      cause,
    })
  }
  return (value) => value !== undefined && expression.test(value)
}

function timeTest({ from, to, days, zone = 'UTC' }: NonNullable<Condition['time']>): Test {
  const start = minuteOf(from ?? '00:00', 'time.from')
  const end = minuteOf(to ?? '24:00', 'time.to')
  const wanted = days?.map((day) => {
    const at = DAYS.indexOf(day.slice(0, 3).toLowerCase())
    if (at < 0) throw new Error(`time.days: "${day}" is no day (known: ${DAYS.join(', ')})`)
    return at
  })
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    })
  } catch (cause) {
    throw new Error(`time.zone: "${zone}" is no time zone`, { cause })
  }
  // Formatting a date costs microseconds; within one minute the answer stays.
  let minute = -1
  let verdict: string | undefined
  return (_facts, now) => {
    const current = Math.floor(now / 60_000)
    if (current === minute) return verdict
    minute = current
    const parts = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]))
    const at = Number(parts.hour) * 60 + Number(parts.minute)
    const inside = start <= end ? at >= start && at < end : at >= start || at < end
    // After midnight a window that began yesterday still belongs to yesterday.
    const today = DAYS.indexOf(String(parts.weekday).toLowerCase())
    const day = start > end && at < end ? (today + 6) % 7 : today
    verdict = inside && (wanted?.includes(day) ?? true) ? undefined : 'time'
    return verdict
  }
}

function minuteOf(text: string, place: string): number {
  const match = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(text)
  if (!match) throw new Error(`${place}: "${text}" is no time of day (HH:MM)`)
  return Number(match[1]) * 60 + Number(match[2])
}
