// Arguments that come in pieces, each under its JSON path (`$.a.b[0].c`), as the text of one JSON object: containers open
// and close as the path moves on, a string grows until an entry says that it is over.

import { type JsonObject, isObject } from '../../core/json.ts'

type Step = string | number

/** The steps of a JSON path: `.name`, `[3]`, `['a name']`. */
function stepsOf(path: string): Step[] {
  const steps: Step[] = []
  for (const match of path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]/g)) {
    if (match[2] !== undefined) steps.push(Number(match[2]))
    else steps.push(match[1] ?? match[3] ?? match[4] ?? '')
  }
  return steps
}

export interface PartialArgs {
  /** Text that an entry of `partialArgs` adds. */
  add(entry: JsonObject): string
  /** What closes the object. */
  end(): string
}

export function partialArgs(): PartialArgs {
  // Open containers from the root; `at` is the step that leads to the container, `size` its members so far.
  const open: { at: Step | undefined; array: boolean; size: number }[] = []
  let string: string | undefined
  let begun = false

  const closeString = (): string => {
    if (string === undefined) return ''
    string = undefined
    return '"'
  }
  const closeTo = (depth: number): string => {
    let text = ''
    while (open.length > depth) text += open.pop()?.array === true ? ']' : '}'
    return text
  }
  const member = (step: Step): string => {
    const owner = open.at(-1)
    if (!owner) return ''
    const comma = owner.size++ > 0 ? ',' : ''
    return owner.array ? comma : `${comma}${JSON.stringify(String(step))}:`
  }

  return {
    add(entry) {
      const path = typeof entry.jsonPath === 'string' ? entry.jsonPath : '$'
      const more = entry.willContinue === true
      const { stringValue } = entry
      if (string === path && typeof stringValue === 'string') {
        const inner = JSON.stringify(stringValue).slice(1, -1)
        return inner + (more ? '' : closeString())
      }
      let text = closeString()
      const steps = stepsOf(path)
      const last = steps.at(-1)
      if (last === undefined) return text
      if (open.length === 0) {
        begun = true
        open.push({ at: undefined, array: false, size: 0 })
        text += '{'
      }
      // The containers that stay open are those on the way to the new place.
      let depth = 1
      while (depth < steps.length && open[depth]?.at === steps[depth - 1]) depth++
      text += closeTo(depth)
      for (; depth < steps.length; depth++) {
        const at = steps[depth - 1] as Step
        const array = typeof steps[depth] === 'number'
        text += member(at) + (array ? '[' : '{')
        open.push({ at, array, size: 0 })
      }
      text += member(last)
      if (typeof stringValue === 'string') {
        text += JSON.stringify(stringValue).slice(0, -1)
        if (!more) return `${text}"`
        string = path
        return text
      }
      const value = entry.numberValue ?? entry.boolValue ?? entry.structValue ?? entry.listValue ?? null
      return text + JSON.stringify(isObject(value) || value === 'NULL_VALUE' ? null : value)
    },
    end() {
      // A call without arguments has no entry at all.
      return begun ? closeString() + closeTo(0) : '{}'
    },
  }
}
