// A stream of events as one JSON list: what Google sends where nobody asked for `alt=sse`. The events of this dialect are
// bare JSON; comments, which only keep a connection alive, become white space.

import type { Sink } from './call.ts'
import { frameReader } from '../wire/frames.ts'

export function listReframer(to: Sink): Sink {
  let begun = false
  let text = ''
  const reader = frameReader('sse', {
    frame({ data }) {
      text += `${begun ? ',\r\n' : '['}${data}`
      begun = true
    },
    comment() {
      text += '\n'
    },
  })
  return {
    write(bytes) {
      text = ''
      reader.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)
      return text === '' ? true : to.write(text)
    },
    end() {
      text = ''
      reader.end()
      to.write(`${text}${begun ? ']' : '[]'}\n`)
      to.end()
    },
    onDrain: (fn) => to.onDrain(fn),
  }
}
