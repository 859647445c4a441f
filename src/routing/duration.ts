// The many ways upstreams write a time to wait: seconds, Go durations, epochs, dates. Everything becomes ms from now.

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * `12`, `0.84`, `1h2m3.5s`, `17ms`, epoch seconds (> 1e9), epoch ms (> 1e12), ISO 8601, HTTP date. A moment in the past
 * is 0. undefined: it is none of these.
 */
export function waitOf(text: string, now: number): number | undefined {
  const trimmed = text.trim()
  if (/^\d+(\.\d+)?$|^\.\d+$/.test(trimmed)) {
    const number = Number(trimmed)
    if (number > 1e12) return Math.max(0, number - now)
    if (number > 1e9) return Math.max(0, number * 1_000 - now)
    return number * 1_000
  }
  if (/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h|d))+$/.test(trimmed)) {
    let ms = 0
    for (const [, count, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g))
      ms += Number(count) * (UNITS[unit as string] as number)
    return ms
  }
  // Date.parse takes almost anything with a digit in it ("-5" is the year 2005); a date has a letter or two dashes.
  if (!/[a-z]{3}|\d{4}-\d\d-\d\d/i.test(trimmed)) return undefined
  const at = Date.parse(trimmed)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
