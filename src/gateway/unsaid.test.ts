import { describe, expect, test } from 'vitest'
import { collector } from '../core/collect.ts'
import type { GenerationDialect } from '../core/dialect.ts'
import type { StreamEvent } from '../core/event.ts'
import { type JsonObject, isObject } from '../core/json.ts'
import type { Note } from '../core/note.ts'
import { dialects } from '../dialects/index.ts'
import { frameReader } from '../wire/frames.ts'
import { unsaid } from './unsaid.ts'

const all = [...dialects.values()]
const CONTEXT = { model: 'm', id: 'r', created: 1, includeUsage: true }

/** A plain answer of the dialect with an invented member, decoded. */
function invented(from: GenerationDialect): StreamEvent[] {
  return [
    { type: 'start', id: 'a', model: 'm', created: 1 },
    { type: 'extras', dialect: from.id, members: { x_new_thing: 1, nothing: null } },
    { type: 'open', choice: 0, part: 0, open: { kind: 'text' } },
    { type: 'delta', choice: 0, part: 0, text: 'hi' },
    { type: 'close', choice: 0, part: 0, origin: { dialect: from.id, extras: { x_of_part: true } } },
    { type: 'finish', choice: 0, finish: { reason: 'stop' } },
    { type: 'end' },
  ]
}

describe.each(all.flatMap((from) => all.map((to) => ({ from, to }))))(
  '$from.id to $to.id',
  ({ from, to }) => {
    const own = from.id === to.id || [from, to].every(({ id }) => id.startsWith('ollama'))
    const want = own ? [] : ['content.x_of_part', 'x_new_thing']

    test('a member that only its own dialect knows is noted once, streamed', () => {
      const notes: Note[] = []
      const { event } = unsaid(to.id, (note) => notes.push(note))
      for (const one of invented(from)) {
        event(one)
        event(one)
      }
      expect(notes.map(({ field }) => field).toSorted()).toEqual(want)
    })

    test('and whole', () => {
      const fold = collector()
      for (const one of invented(from)) fold.event(one)
      const notes: Note[] = []
      unsaid(to.id, (note) => notes.push(note)).response(fold.response())
      expect(notes.map(({ field }) => field).toSorted()).toEqual(want)
    })
  },
)

describe('what each decoder keeps of a member nobody knows', () => {
  test.each(all.map((dialect) => ({ dialect })))('$dialect.id, whole', ({ dialect }) => {
    const { body } = dialect.response.encode(
      {
        id: 'a',
        model: 'm',
        created: 1,
        choices: [{ index: 0, parts: [{ kind: 'text', text: 'hi' }], finish: { reason: 'stop' } }],
        usage: { input: 1, output: 1 },
      },
      CONTEXT,
    )
    const response = dialect.response.decode({ ...body, x_new_thing: 'new' }, {})
    expect(response.origin?.extras).toMatchObject({ x_new_thing: 'new' })
  })

  /** The object that stands for the answer in an event of a stream; undefined in the others. */
  const answerIn = (wire: JsonObject): JsonObject | undefined => {
    if (isObject(wire.message) && wire.type === 'message_start') return wire.message
    if (wire.type === 'response.completed') return wire.response as JsonObject
    if (wire.type === 'message-end') return wire.delta as JsonObject
    return wire.type === undefined ? wire : undefined
  }
  test.each(all.map((dialect) => ({ dialect })))('$dialect.id, streamed', ({ dialect }) => {
    const written: string[] = []
    const encoder = dialect.stream.encoder(CONTEXT, (text) => written.push(text))
    for (const event of invented(dialect)) if (event.type !== 'extras') encoder.event(event)
    const seen: StreamEvent[] = []
    const decoder = dialect.stream.decoder({}, (event) => seen.push(event))
    const reader = frameReader(dialect.framing, {
      frame({ event, data }) {
        const wire: unknown = data.startsWith('{') ? JSON.parse(data) : undefined
        const answer = isObject(wire) ? answerIn(wire) : undefined
        if (answer) answer.x_new_thing = 'new'
        decoder.frame({ event, data: isObject(wire) ? JSON.stringify(wire) : data })
      },
    })
    reader.push(Buffer.from(written.join(''), dialect.framing === 'aws-event-stream' ? 'latin1' : 'utf8'))
    reader.end()
    decoder.end()
    const notes: Note[] = []
    const other = dialect.id === 'openai-chat' ? 'anthropic-messages' : 'openai-chat'
    const { event } = unsaid(other, (note) => notes.push(note))
    for (const one of seen) event(one)
    expect(notes.map(({ field }) => field)).toContainEqual(expect.stringContaining('x_new_thing'))
  })
})
