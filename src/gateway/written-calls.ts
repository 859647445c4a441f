// Calls that a local model wrote into its text because its server did not read them: the tags of Hermes and Qwen,
// `<tool_call>{"name", "arguments"}</tool_call>`, and of Qwen's coders, `<function=f><parameter=p>v</parameter></function>`.
// Only what is complete and names an offered tool becomes a call; anything else stays the text it is.

import type { EventSink } from '../core/event.ts'
import { type JsonObject, isObject } from '../core/json.ts'
import type { FunctionTool, GenerationRequest } from '../core/request.ts'
import type { AnswerFilter } from './answer-filter.ts'

const TAGS: readonly (readonly [open: string, close: string])[] = [
  ['<tool_call>', '</tool_call>'],
  ['<function=', '</function>'],
]
/** Longest text held back for a closing tag, UTF-16 units. */
const HELD_CAP = 256 * 1024
/** Part numbers of calls found here: above any an upstream counts to. */
const FIRST_PART = 1_000_000

interface WrittenCall {
  name: string
  arguments: string
}

interface TextState {
  part: number
  opened: boolean
  /** Blank text that is left out if a call follows. */
  blank: string
  /** Not yet passed on: a tag that may begin, or one that is not closed. */
  held: string
  close?: string
  /** Where in `held` the closing tag may still begin. */
  searched: number
}

interface ChoiceState {
  text?: TextState
  found: WrittenCall[]
  called: number
}

/** Undefined when the request offers no function. */
export function writtenCalls(request: GenerationRequest): AnswerFilter | undefined {
  const tools = new Map<string, FunctionTool>()
  for (const tool of request.tools ?? []) if (tool.type === 'function') tools.set(tool.name, tool)
  if (tools.size === 0) return undefined
  const choices = new Map<number, ChoiceState>()

  const say = (choice: number, at: TextState, more: string, next: EventSink): void => {
    const text = at.blank + more
    at.blank = ''
    if (text === '') return
    if (!at.opened) next({ type: 'open', choice, part: at.part, open: { kind: 'text' } })
    at.opened = true
    next({ type: 'delta', choice, part: at.part, text })
  }

  const push = (choice: number, state: ChoiceState, at: TextState, next: EventSink): void => {
    for (;;) {
      if (at.close === undefined) {
        const begin = firstTag(at.held)
        const to = begin ? begin.at : at.held.length - partial(at.held)
        const before = at.held.slice(0, to)
        at.held = at.held.slice(to)
        if (before.trim() === '' && (begin !== undefined || !at.opened)) at.blank += before
        else say(choice, at, before, next)
        if (!begin) return
        at.close = begin.close
        at.searched = 0
      }
      const end = at.held.indexOf(at.close, at.searched)
      if (end < 0) {
        at.searched = Math.max(0, at.held.length - at.close.length)
        if (at.held.length <= HELD_CAP) return
        delete at.close
        say(choice, at, at.held, next)
        at.held = ''
        return
      }
      const whole = at.held.slice(0, end + at.close.length)
      at.held = at.held.slice(whole.length)
      delete at.close
      const call = readCall(whole, tools)
      if (call) {
        state.found.push(call)
        at.blank = ''
      } else say(choice, at, whole, next)
    }
  }

  return (event, next) => {
    if (event.type === 'open' && event.open.kind === 'text') {
      const state = choices.get(event.choice) ?? { found: [], called: 0 }
      choices.set(event.choice, state)
      state.text = { part: event.part, opened: false, blank: '', held: '', searched: 0 }
      return
    }
    if (!('choice' in event) || event.choice === undefined) return next(event)
    const state = choices.get(event.choice)
    if (!state) return next(event)
    const { text: at } = state
    switch (event.type) {
      case 'delta':
        if (at?.part !== event.part) return next(event)
        at.held += event.text
        return push(event.choice, state, at, next)
      case 'citation':
        if (at?.part !== event.part) return next(event)
        if (!at.opened) next({ type: 'open', choice: event.choice, part: at.part, open: { kind: 'text' } })
        at.opened = true
        return next(event)
      case 'close': {
        if (at?.part !== event.part) return next(event)
        const { choice } = event
        delete state.text
        if (at.held.trim() !== '' || state.found.length === 0) say(choice, at, at.held, next)
        if (!at.opened && state.found.length === 0) {
          next({ type: 'open', choice, part: at.part, open: { kind: 'text' } })
          at.opened = true
        }
        if (at.opened) next(event)
        for (const { name, arguments: given } of state.found.splice(0)) {
          const part = FIRST_PART + state.called++
          next({
            type: 'open',
            choice,
            part,
            open: { kind: 'tool_call', id: `call_${choice}_${state.called}`, name },
          })
          next({ type: 'delta', choice, part, text: given })
          next({ type: 'close', choice, part })
        }
        return
      }
      case 'finish': {
        const { reason, raw } = event.finish
        const called = state.called > 0 && (reason === 'stop' || reason === 'unknown')
        return next(called ? { ...event, finish: { reason: 'tool_calls', raw: raw ?? null } } : event)
      }
      default:
        return next(event)
    }
  }
}

function firstTag(text: string): { at: number; close: string } | undefined {
  let first: { at: number; close: string } | undefined
  for (const [open, close] of TAGS) {
    const at = text.indexOf(open)
    if (at >= 0 && (!first || at < first.at)) first = { at, close }
  }
  return first
}

/** How much of the end may be the beginning of a tag. */
function partial(text: string): number {
  let most = 0
  for (const [open] of TAGS)
    for (let length = Math.min(open.length - 1, text.length); length > most; length--)
      if (text.endsWith(open.slice(0, length))) most = length
  return most
}

function readCall(text: string, tools: ReadonlyMap<string, FunctionTool>): WrittenCall | undefined {
  const inner = text.startsWith('<tool_call>')
    ? text.slice('<tool_call>'.length, -'</tool_call>'.length).trim()
    : text
  const call = inner.startsWith('{') ? jsonCall(inner) : taggedCall(inner, tools)
  return call && tools.has(call.name) ? call : undefined
}

function jsonCall(text: string): WrittenCall | undefined {
  let wire: unknown
  try {
    wire = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(wire) || typeof wire.name !== 'string') return undefined
  const given = wire.arguments ?? wire.parameters ?? {}
  return { name: wire.name, arguments: typeof given === 'string' ? given : JSON.stringify(given) }
}

function taggedCall(text: string, tools: ReadonlyMap<string, FunctionTool>): WrittenCall | undefined {
  const head = /^<function=([^>]+)>/.exec(text)
  const name = head?.[1]?.trim()
  if (!head || name === undefined) return undefined
  const declared = tools.get(name)?.parameters?.properties
  const given: JsonObject = {}
  for (const [, key = '', value = ''] of text.matchAll(/<parameter=([^>]+)>([^]*?)<\/parameter>/g)) {
    const said = value.replace(/^\r?\n/, '').replace(/\r?\n$/, '')
    const schema = isObject(declared) ? declared[key.trim()] : undefined
    given[key.trim()] = isObject(schema) && schema.type === 'string' ? said : valueOf(said)
  }
  return { name, arguments: JSON.stringify(given) }
}

/** JSON where it is some, else the text. */
function valueOf(text: string): JsonObject[string] {
  try {
    return JSON.parse(text) as JsonObject[string]
  } catch {
    return text
  }
}
