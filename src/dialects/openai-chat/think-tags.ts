// Reasoning that a host leaves in the text: `<think>...</think>` (and its kin) at the very beginning of an answer. Later
// tags are text: a model may well write about them. Works on fragments of any size; linear in the text.

export type Piece = (kind: 'reasoning' | 'text', fragment: string) => void

const PAIRS: readonly (readonly [open: string, close: string])[] = [
  ['<think>', '</think>'],
  ['<thinking>', '</thinking>'],
  ['[THINK]', '[/THINK]'],
  ['\u25c1think\u25b7', '\u25c1/think\u25b7'],
  ['<seed:think>', '</seed:think>'],
]

export interface ThinkSplitter {
  push(fragment: string): void
  /** The text is over: what was held back is let go. An unclosed tag leaves reasoning and no text. */
  end(): void
}

export function thinkSplitter(piece: Piece): ThinkSplitter {
  let state: 'start' | 'inside' | 'after' | 'text' = 'start'
  let held = ''
  let close = ''
  let fresh = false

  const step = (last: boolean): void => {
    if (state === 'start') {
      const begin = held.trimStart()
      const pair = PAIRS.find(([open]) => begin.startsWith(open))
      if (pair) {
        held = begin.slice(pair[0].length)
        close = pair[1]
        fresh = true
        state = 'inside'
      } else if (last || !PAIRS.some(([open]) => open.startsWith(begin))) state = 'text'
      else return
    }
    if (state === 'inside') {
      // The line break behind the tag belongs to it, and may come in the next fragment.
      if (fresh && held !== '') {
        fresh = false
        held = held.replace(/^\n/, '')
      }
      const at = held.indexOf(close)
      if (at < 0) {
        // The end of what is here may be the beginning of the closing tag.
        const keep = last ? 0 : overlap(held, close)
        const free = held.slice(0, held.length - keep)
        if (free !== '') piece('reasoning', free)
        held = held.slice(held.length - keep)
        return
      }
      if (at > 0) piece('reasoning', held.slice(0, at))
      held = held.slice(at + close.length)
      state = 'after'
    }
    if (state === 'after') {
      // The blank line behind the tag belongs to it.
      held = held.trimStart()
      if (held === '') return
      state = 'text'
    }
    if (held !== '') piece('text', held)
    held = ''
  }

  return {
    push(fragment) {
      if (state === 'text') return piece('text', fragment)
      held += fragment
      step(false)
    },
    end: () => step(true),
  }
}

/** Length of the longest end of `text` that begins `tag`. */
function overlap(text: string, tag: string): number {
  for (let size = Math.min(text.length, tag.length - 1); size > 0; size--)
    if (text.endsWith(tag.slice(0, size))) return size
  return 0
}
