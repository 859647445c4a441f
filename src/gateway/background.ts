// Responses that go on after their answer (`background: true`): the upstream works on, and what it took is known only
// when it is done. Each is looked at until then, ever more rarely, so that its call is settled like any other: limits,
// record, cost. A caller who asks meanwhile saves the look.

import type { Timer } from '../core/clock.ts'
import type { Holding } from '../core/holding.ts'
import { type Json, isObject } from '../core/json.ts'
import { operationUrl } from '../core/url-rules.ts'
import { openaiResponses } from '../dialects/openai-responses/index.ts'
import { quirksOf, spokenTo } from '../providers/provider.ts'
import { say } from '../upstream/ask.ts'
import type { LiveStream, StreamEnd } from './pump.ts'
import type { Runtime } from './runtime.ts'

/** Where a response is worked on, and by which name. */
export interface Followed {
  endpoint: string
  /** The response's id. */
  id: string
  model: string
  /** Which of several credentials of the endpoint, from 0. */
  credential: number | undefined
}

/** What is still to come of an answer. */
export type Rest = Pick<LiveStream, 'onEnd'>

export interface Background {
  follow(what: Followed): Rest
  /** What somebody was told of a response; of one that nobody follows it is not even looked at. */
  seen(endpoint: string, id: string, tell: () => Json | undefined): void
  /** What is still going on ends here, its usage unknown. */
  close(): void
  holding(): Holding
}

const FIRST_LOOK_MS = 2_000
const LONGEST_LOOK_MS = 30_000
const LOOK_LIMIT_MS = 30_000
/** As long as responses are kept. */
const GIVE_UP_MS = 24 * 60 * 60 * 1000
/** Looks in a row that told nothing. */
const MOST_MISSES = 20
const MOST_FOLLOWED = 10_000

/** The status of a response that is not done. */
export const GOING_ON: ReadonlySet<unknown> = new Set(['queued', 'in_progress'])

interface Going extends Followed {
  since: number
  waitMs: number
  misses: number
  timer: Timer | undefined
  end: StreamEnd | undefined
  listeners: ((end: StreamEnd) => void)[]
}

/** @param current the runtime in force: a reload may change how an endpoint is reached, or take it away. */
export function background(
  current: () => Pick<Runtime, 'endpoints' | 'pools' | 'clock' | 'telemetry'>,
): Background {
  const all = new Map<string, Going>()

  const end = (going: Going, how: StreamEnd): void => {
    if (going.end) return
    going.end = how
    going.timer?.cancel()
    all.delete(keyOf(going.endpoint, going.id))
    for (const listener of going.listeners.splice(0)) listener(how)
  }
  const lose = (going: Going, why: string): void => {
    const { endpoint, id } = going
    current().telemetry.log.warn(
      { endpoint, response: id, reason: why },
      'the usage of a background response is not known',
    )
    end(going, { endedBy: 'upstream' })
  }
  /** Ends what is done. @returns false: it goes on. */
  const judge = (going: Going, wire: Json | undefined): boolean => {
    if (!isObject(wire) || typeof wire.status !== 'string' || GOING_ON.has(wire.status)) return false
    const provider = current().endpoints.get(going.endpoint)?.config.provider
    const { usage, error } = openaiResponses.inspect(wire, provider ? quirksOf(provider, undefined) : {})
    end(going, {
      endedBy: wire.status === 'cancelled' ? 'caller' : 'upstream',
      ...(usage ? { usage } : {}),
      ...(error ? { error } : {}),
    })
    return true
  }
  const look = async (going: Going): Promise<void> => {
    const runtime = current()
    const config = runtime.endpoints.get(going.endpoint)?.config
    const spoken = config && spokenTo(config.provider, 'openai-responses', going.model)
    if (!config || spoken?.dialect !== 'openai-responses')
      return lose(going, `the endpoint "${going.endpoint}" is not configured any more`)
    const credential =
      going.credential === undefined
        ? undefined
        : [config.credential, ...(config.moreCredentials ?? [])][going.credential]
    const url = new URL(
      operationUrl(config.baseUrl, `${spoken.path}/${encodeURIComponent(going.id)}`, {
        model: going.model,
        providerId: config.provider.id,
      }),
    )
    const said = await say(
      credential ? { ...config, credential } : config,
      url.pathname + url.search,
      undefined,
      LOOK_LIMIT_MS,
      runtime,
    )
    if (going.end) return
    if (said.status === 404) return lose(going, 'the upstream does not know it any more')
    const wire = said.status === 200 && said.text !== undefined ? parsed(said.text) : undefined
    if (judge(going, wire)) return
    going.misses = wire === undefined ? going.misses + 1 : 0
    if (going.misses === MOST_MISSES)
      return lose(going, said.error ?? `the upstream answered HTTP ${said.status} ${MOST_MISSES} times`)
    later(going)
  }
  const later = (going: Going): void => {
    const { clock } = current()
    if (clock.monotonic() - going.since > GIVE_UP_MS) return lose(going, 'it is not done after a day')
    going.timer = clock.timer(going.waitMs, () => void look(going))
    going.waitMs = Math.min(LONGEST_LOOK_MS, going.waitMs * 1.5)
  }

  return {
    follow(what) {
      const going: Going = {
        ...what,
        since: current().clock.monotonic(),
        waitMs: FIRST_LOOK_MS,
        misses: 0,
        timer: undefined,
        end: undefined,
        listeners: [],
      }
      const key = keyOf(what.endpoint, what.id)
      if (all.size >= MOST_FOLLOWED || all.has(key))
        lose(going, all.has(key) ? 'another call has its id' : `${MOST_FOLLOWED} others are followed already`)
      else {
        all.set(key, going)
        later(going)
      }
      return {
        onEnd(fn) {
          if (going.end) fn(going.end)
          else going.listeners.push(fn)
        },
      }
    },
    holding: () => ({ entries: all.size, mostEntries: MOST_FOLLOWED }),
    seen(endpoint, id, tell) {
      const going = all.get(keyOf(endpoint, id))
      if (going) judge(going, tell())
    },
    close() {
      for (const going of all.values()) lose(going, 'the gateway stops')
    },
  }
}

/** A stream that may be left before its response is done: it ends when the response does. */
export function toItsEnd(live: LiveStream, follow: (end: StreamEnd) => Rest | undefined): LiveStream {
  let rest: Rest | undefined
  let asked = false
  return {
    attach: (sink) => live.attach(sink),
    onEnd(fn) {
      live.onEnd((end) => {
        if (!asked) rest = follow(end)
        asked = true
        if (rest) rest.onEnd(({ usage }) => fn(usage ? { ...end, usage } : end))
        else fn(end)
      })
    },
  }
}

function keyOf(endpoint: string, id: string): string {
  return `${endpoint}/${id}`
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
