// Two texts as a unified diff, three lines around each change. Enough for a configuration file.

type Row = { sign: ' ' | '-' | '+'; text: string }

const CONTEXT = 3
/** Beyond it (lines times lines) the middle is shown as replaced whole. */
const MAX_CELLS = 4_000_000

export function lineDiff(before: string, after: string): string {
  if (before === after) return ''
  const rows = compare(linesOf(before), linesOf(after))
  const out: string[] = []
  let old = 1
  let next = 1
  for (let at = 0; at < rows.length; ) {
    if (rows[at]?.sign === ' ' && !near(rows, at)) {
      at++
      old++
      next++
      continue
    }
    let end = at
    while (end < rows.length && (rows[end]?.sign !== ' ' || near(rows, end))) end++
    const hunk = rows.slice(at, end)
    const oldCount = hunk.filter((row) => row.sign !== '+').length
    const newCount = hunk.filter((row) => row.sign !== '-').length
    out.push(`@@ -${old},${oldCount} +${next},${newCount} @@`, ...hunk.map((row) => row.sign + row.text))
    old += oldCount
    next += newCount
    at = end
  }
  return out.join('\n')
}

function near(rows: readonly Row[], at: number): boolean {
  for (let index = Math.max(0, at - CONTEXT); index <= Math.min(rows.length - 1, at + CONTEXT); index++)
    if (rows[index]?.sign !== ' ') return true
  return false
}

function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function compare(a: string[], b: string[]): Row[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++
  const same = (text: string): Row => ({ sign: ' ', text })
  return [
    ...a.slice(0, head).map(same),
    ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(same),
  ]
}

/** The longest common subsequence, by the table. */
function middle(a: string[], b: string[]): Row[] {
  const width = b.length + 1
  if (a.length * b.length > MAX_CELLS)
    return [...a.map((text): Row => ({ sign: '-', text })), ...b.map((text): Row => ({ sign: '+', text }))]
  const table = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] =
        a[i] === b[j]
          ? (table[(i + 1) * width + j + 1] as number) + 1
          : Math.max(table[(i + 1) * width + j] as number, table[i * width + j + 1] as number)
  const rows: Row[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      rows.push({ sign: ' ', text: a[i] as string })
      i++
      j++
    } else if (
      i < a.length &&
      (j === b.length || (table[(i + 1) * width + j] as number) >= (table[i * width + j + 1] as number))
    )
      rows.push({ sign: '-', text: a[i++] as string })
    else rows.push({ sign: '+', text: b[j++] as string })
  }
  return rows
}
