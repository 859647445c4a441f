// A stream of text is the same event again and again with another piece of text in it. Where an event equals the last one
// up to that one string, the string is read and the rest is not parsed a second time: a third of what a translated token
// costs. `npm run bench:overhead` (translated, stream) would notice its loss.

/** After this many events in a row that were not like the one before, nobody tries any more. */
const PATIENCE = 4

/** What may stand in a JSON string as it is: no end, no escape, no control character. */
// oxlint-disable-next-line no-control-regex
const SPECIAL = /["\\\u0000-\u001f]/

export class LikeLast {
  private readonly marks: readonly string[]
  private before: string | undefined
  private after = ''
  private misses = 0

  /** @param member name of the string that changes */
  constructor(member: string) {
    this.marks = [`"${member}":"`, `"${member}": "`]
  }

  /** The string in `data` when all else in it is as in the event that was learned; undefined: it must be parsed. */
  read(data: string): string | undefined {
    const { before, after } = this
    if (before === undefined) return undefined
    const end = data.length - after.length
    // A slice and a comparison take half the time of startsWith.
    if (end < before.length || data.slice(0, before.length) !== before || data.slice(end) !== after) {
      this.before = undefined
      this.misses++
      return undefined
    }
    this.misses = 0
    const text = data.slice(before.length, end)
    return SPECIAL.test(text) ? undefined : text
  }

  /**
   * Takes an event as the pattern for the next.
   * @param data one JSON object in which the member is there once, and whose only effect was its `text`
   */
  learn(data: string, text: string): void {
    if (this.before !== undefined || this.misses > PATIENCE || text === '' || SPECIAL.test(text)) return
    for (const mark of this.marks) {
      const at = data.indexOf(mark)
      if (at < 0) continue
      const start = at + mark.length
      const end = start + text.length
      if (!data.startsWith(text, start) || data[end] !== '"' || data.includes(mark, start)) return
      this.before = data.slice(0, start)
      this.after = data.slice(end)
      return
    }
  }
}
