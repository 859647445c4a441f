// Ids of tool calls for callers whose upstream hands out ids that repeat in every turn or hold characters that other wires
// refuse. The id given out is the gateway's own; the upstream's stands inside it, so that nothing need be remembered.

/** Begins every id made here. */
export const CALL_ID_MARK = 'tl_'

const MADE = /^tl_([\w-]{3})[\w-]{8}(?:_(\d+)|x([\w-]+))$/

export interface CallIdParts {
  /** Three characters that stand for the endpoint which issued the id. */
  issuer: string
  /** Eight characters that make it the only one. */
  unique: string
}

/** The id a caller gets. Short where the id is the name of the function and a number, as Kimi's are. */
export function makeCallId(upstream: string, name: string, { issuer, unique }: CallIdParts): string {
  const head = `${CALL_ID_MARK}${issuer}${unique}`
  const before = `functions.${name}:`
  const count = upstream.startsWith(before) ? upstream.slice(before.length) : ''
  if (/^\d{1,6}$/.test(count)) return `${head}_${count}`
  return `${head}x${Buffer.from(upstream).toString('base64url')}`
}

/** The upstream's own id inside one that was made for `issuer`; undefined for any other. */
export function upstreamCallId(id: string, name: string, issuer: string): string | undefined {
  const found = MADE.exec(id)
  if (!found || found[1] !== issuer) return undefined
  const [, , count, text] = found
  return count === undefined
    ? Buffer.from(text as string, 'base64url').toString('utf8')
    : `functions.${name}:${count}`
}
