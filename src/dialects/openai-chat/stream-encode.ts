// Events to Chat chunks, as openai-node's accumulator insists: role in the first delta, dense tool indexes from 0,
// id, type and name once, a finish reason always, `choices: []` on the usage chunk, then [DONE]. Chunks are built by
// concatenation around a constant head; only caller-visible text is stringified.

import type { AnswerContext, StreamEncoder } from '../../core/dialect.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { DialectId, Seal } from '../../core/origin.ts'
import type { Citation, Part } from '../../core/part.ts'
import type { Usage } from '../../core/usage.ts'
import { failureFrame } from './error.ts'
import { encodeFinish } from './finish.ts'
import { thinkingBlock } from './thinking-blocks.ts'
import { encodeCitation, foreignMembers, vendorOf } from './response.ts'
import { extraContent } from './thought-signature.ts'
import { encodeUsage } from '../openai-family/usage.ts'

interface OpenPart {
  kind: string
  custom: boolean
  /** Ordinal among the choice's tool calls. */
  index: number
  text: string
  start: number
  citations: Citation[]
  redacted: boolean
}

interface ChoiceState {
  begun: boolean
  calls: number
  textLength: number
  parts: Map<number, OpenPart>
}

/** Members of an answer's root that a search model's callers read (Perplexity). */
const SOURCES = ['citations', 'search_results', 'images', 'related_questions'] as const

export function encoder(context: AnswerContext, write: (text: string) => void): StreamEncoder {
  let head = ''
  let usage: Usage | undefined
  let finished = false
  const tail = context.includeUsage ? ',"usage":null}\n\n' : '}\n\n'
  const legacy = context.request?.origin?.shape?.functions === true
  const choices = new Map<number, ChoiceState>()
  let answerExtras: JsonObject = {}
  /** `reasoning_details` that go out with the text they repeat: a client reads one or the other of each delta. */
  let details: { choice: number; inside: string } | undefined

  const state = (choice: number): ChoiceState => {
    let found = choices.get(choice)
    if (!found) {
      found = { begun: false, calls: 0, textLength: 0, parts: new Map() }
      choices.set(choice, found)
    }
    return found
  }
  /** One chunk; `delta` is the inside of the delta object. */
  const chunk = (choice: number, delta: string, finish = 'null'): void => {
    const at = state(choice)
    if (!at.begun) {
      at.begun = true
      write(
        `${head}[{"index":${choice},"delta":{"role":"assistant","content":""},"finish_reason":null}]${tail}`,
      )
    }
    write(`${head}[{"index":${choice},"delta":{${delta}},"finish_reason":${finish}}]${tail}`)
  }

  const open = (event: Extract<StreamEvent, { type: 'open' }>): void => {
    const at = state(event.choice)
    const kind = event.open.kind
    const part: OpenPart = {
      kind,
      custom: kind === 'tool_call' && event.open.custom === true,
      index: kind === 'tool_call' ? at.calls++ : 0,
      text: '',
      start: at.textLength,
      citations: [],
      redacted: kind === 'reasoning' && event.open.redacted === true,
    }
    at.parts.set(event.part, part)
    if (event.open.kind === 'tool_call') {
      const name = JSON.stringify(event.open.name)
      if (legacy) return chunk(event.choice, `"function_call":{"name":${name},"arguments":""}`)
      const inner = part.custom
        ? `"type":"custom","custom":{"name":${name},"input":""}`
        : `"type":"function","function":{"name":${name},"arguments":""}`
      chunk(
        event.choice,
        `"tool_calls":[{"index":${part.index},"id":${JSON.stringify(event.open.id)},${inner}${signature(event.open.sealed)}}]`,
      )
    } else if (event.open.kind === 'whole') wholePart(event.choice, event.open.value)
  }

  const wholePart = (choice: number, value: Part): void => {
    if (value.kind === 'opaque' && value.dialect === 'openai-chat' && value.type === 'audio')
      chunk(choice, `"audio":${JSON.stringify(value.value)}`)
    else if (value.kind === 'opaque')
      chunk(
        choice,
        `"provider_specific_fields":{"${vendorOf(value.dialect)}":{"blocks":[${JSON.stringify(value.value)}]}}`,
      )
    else if (value.kind === 'media' && value.source.type === 'base64') {
      const url = `data:${value.source.mediaType};base64,${value.source.data}`
      chunk(choice, `"images":[{"type":"image_url","image_url":{"url":${JSON.stringify(url)}}}]`)
    }
  }

  const delta = (event: Extract<StreamEvent, { type: 'delta' }>): void => {
    const at = state(event.choice)
    const part = at.parts.get(event.part)
    if (!part) return
    const text = JSON.stringify(event.text)
    switch (part.kind) {
      case 'text':
        at.textLength += event.text.length
        return chunk(event.choice, `"content":${text}`)
      case 'reasoning': {
        part.text += event.text
        const beside = details ? `,${details.inside}` : ''
        details = undefined
        return chunk(event.choice, `"reasoning_content":${text}${beside}`)
      }
      case 'refusal':
        return chunk(event.choice, `"refusal":${text}`)
      default: {
        if (legacy) return chunk(event.choice, `"function_call":{"arguments":${text}}`)
        const inner = part.custom ? `"custom":{"input":${text}}` : `"function":{"arguments":${text}}`
        return chunk(event.choice, `"tool_calls":[{"index":${part.index},${inner}}]`)
      }
    }
  }

  const close = (event: Extract<StreamEvent, { type: 'close' }>): void => {
    const at = state(event.choice)
    const part = at.parts.get(event.part)
    if (!part) return
    at.parts.delete(event.part)
    // A signed block goes out once, complete, when it closes: that is what clients echo.
    if (part.kind === 'reasoning' && event.sealed) {
      const block = thinkingBlock({
        kind: 'reasoning',
        text: part.text,
        sealed: event.sealed,
        ...(part.redacted ? { redacted: true } : {}),
      })
      chunk(event.choice, `"thinking_blocks":[${JSON.stringify(block)}]`)
    }
    if (part.kind === 'text' && event.sealed?.dialect === 'gemini')
      chunk(event.choice, signature(event.sealed).slice(1))
    if (part.citations.length > 0) {
      const list: Json[] = part.citations.map((citation) =>
        encodeCitation(citation, part.start, at.textLength),
      )
      chunk(event.choice, `"annotations":${JSON.stringify(list)}`)
    }
  }

  /** Said beside the parts by another dialect alone; after a finish word no client looks for it. */
  const foreign = (dialect: DialectId, choice: number, given: JsonObject): void => {
    const members = finished ? undefined : foreignMembers(dialect, given)
    if (members)
      chunk(choice, `"provider_specific_fields":{"${vendorOf(dialect)}":${JSON.stringify(members)}}`)
  }

  /** What the answer rests on, in a chunk of its own before the first finish: the caller may want no usage chunk. */
  const sourcesOf = (choice: number): void => {
    const found: JsonObject = {}
    for (const name of SOURCES)
      if (answerExtras[name] !== undefined) {
        found[name] = answerExtras[name]
        delete answerExtras[name]
      }
    if (Object.keys(found).length > 0)
      write(
        `${head}[{"index":${choice},"delta":{},"finish_reason":null}],${JSON.stringify(found).slice(1, -1)}${tail}`,
      )
  }

  /** Details that no text follows go out alone. */
  const letGo = (event: StreamEvent): void => {
    if (!details || event.type === 'open' || event.type === 'close') return
    const { choice, inside } = details
    if (event.type === 'delta' && event.choice === choice) {
      if (choices.get(choice)?.parts.get(event.part)?.kind === 'reasoning') return
    }
    details = undefined
    chunk(choice, inside)
  }

  return {
    event(event) {
      letGo(event)
      switch (event.type) {
        case 'start': {
          const id = JSON.stringify(event.id === '' ? `chatcmpl-${context.id}` : event.id)
          const created = event.created === 0 ? context.created : event.created
          head = `data: {"id":${id},"object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(context.model)},"choices":`
          if (event.origin?.extras) foreign(event.origin.dialect, 0, event.origin.extras)
          return
        }
        case 'open':
          return open(event)
        case 'delta':
          return delta(event)
        case 'citation':
          state(event.choice).parts.get(event.part)?.citations.push(event.citation)
          return
        case 'close':
          return close(event)
        case 'finish': {
          finished = true
          const at = state(event.choice)
          const word = encodeFinish(event.finish, at.calls > 0)
          sourcesOf(event.choice)
          return chunk(
            event.choice,
            '',
            JSON.stringify(legacy && word === 'tool_calls' ? 'function_call' : word),
          )
        }
        case 'usage':
          usage = event.usage
          return
        case 'logprobs': {
          const logprobs = JSON.stringify({ content: event.content ?? null, refusal: event.refusal ?? null })
          state(event.choice)
          write(
            `${head}[{"index":${event.choice},"delta":{},"logprobs":${logprobs},"finish_reason":null}]${tail}`,
          )
          return
        }
        case 'extras':
          if (event.dialect !== 'openai-chat') return foreign(event.dialect, event.choice ?? 0, event.members)
          if (event.choice !== undefined) {
            const inside = JSON.stringify(event.members).slice(1, -1)
            if (event.members.reasoning_details === undefined) chunk(event.choice, inside)
            else details = { choice: event.choice, inside }
          } else answerExtras = { ...answerExtras, ...event.members }
          return
        case 'unread':
          return
        case 'failure':
          write(failureFrame(event.error, context.id))
          return
        case 'end':
          if (context.includeUsage && usage) {
            const wire = JSON.stringify(encodeUsage(usage))
            const extras =
              Object.keys(answerExtras).length > 0 ? `,${JSON.stringify(answerExtras).slice(1, -1)}` : ''
            write(`${head}[],"usage":${wire}${extras}}\n\n`)
          }
          write('data: [DONE]\n\n')
          return
        default:
          event satisfies never
      }
    },
  }
}

/** Google's signature as one more member; empty for another vendor's seal, or none. */
function signature(sealed: Seal | undefined): string {
  const extra = extraContent(sealed)
  return extra ? `,"extra_content":${JSON.stringify(extra)}` : ''
}
