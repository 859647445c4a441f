// IP addresses as numbers: read in every spelling a URL parser or a resolver gives, and told apart where an upstream must
// never be. Pure.

/** Addresses and names that hand out cloud credentials; never an upstream (requirement R-001-14). */
const METADATA = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.0.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
])
const METADATA_NAMES = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata.azure.internal',
  'instance-data.ec2.internal',
])
/** fd00:ec2::254, fd00:ec2::23 and fd20:ce::254 */
const METADATA_V6 = new Set(['fd00:ec2:0:0:0:0:0:254', 'fd00:ec2:0:0:0:0:0:23', 'fd20:ce:0:0:0:0:0:254'])

/** ::ffff:0:0/96 */
export function isMapped(words: readonly number[]): boolean {
  return words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
}

/** 64:ff9b::/96, in which a translating router embeds an IPv4 address. */
export function isNat64(words: readonly number[]): boolean {
  return words[0] === 0x64 && words[1] === 0xff9b && words.slice(2, 6).every((word) => word === 0)
}

export function lastFour(words: readonly number[]): number[] {
  return words.slice(6).flatMap((word) => [word >> 8, word & 255])
}

function fourOf(high: number, low: number): number[] {
  return [high >> 8, high & 255, low >> 8, low & 255]
}

/**
 * The IPv4 addresses an IPv6 address may lead to: mapped, compatible, NAT64 (both prefixes), 6to4, Teredo and ISATAP.
 * Which of them a network translates is not ours to know, so each counts.
 */
function embedded(words: readonly number[]): number[][] {
  const [a, b, c, d, e, f, g, h] = words as [number, number, number, number, number, number, number, number]
  const found: number[][] = []
  const last = fourOf(g, h)
  if (isMapped(words) || isNat64(words) || (a === 0x64 && b === 0xff9b && c === 1)) found.push(last)
  // ::a.b.c.d, but not :: and ::1.
  if ([a, b, c, d, e, f].every((word) => word === 0) && (g !== 0 || h > 1)) found.push(last)
  // ::ffff:0:a.b.c.d, the translated form of SIIT.
  if ([a, b, c, d, f].every((word) => word === 0) && e === 0xffff) found.push(last)
  if (a === 0x2002) found.push(fourOf(b, c))
  if (a === 0x2001 && b === 0) found.push(fourOf(g ^ 0xffff, h ^ 0xffff))
  if ((e & 0xfdff) === 0 && f === 0x5efe) found.push(last)
  return found
}

/** An address without brackets, zone and trailing dot. */
function bare(host: string): string {
  return host
    .trim()
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/\.$/, '')
}

/** Metadata addresses and names in every spelling. `host` as the URL parser or the resolver left it. */
export function isMetadata(host: string): boolean {
  const name = bare(host)
  if (METADATA.has(name) || METADATA_NAMES.has(name)) return true
  const words = name.includes(':') ? v6Words(name) : undefined
  if (!words) return false
  const plain = words.map((word) => word.toString(16)).join(':')
  return METADATA_V6.has(plain) || embedded(words).some((bytes) => METADATA.has(bytes.join('.')))
}

/** Multicast, unspecified and reserved addresses, at which no server can be (requirement R-003-10). Names are none. */
export function isNowhere(host: string): boolean {
  const name = bare(host)
  const v4 = v4Of(name)
  if (v4) return isNowhereV4(v4)
  const words = name.includes(':') ? v6Words(name) : undefined
  if (!words) return false
  if (words.every((word) => word === 0) || ((words[0] as number) & 0xff00) === 0xff00) return true
  return embedded(words).some(isNowhereV4)
}

function isNowhereV4(bytes: readonly number[]): boolean {
  const first = bytes[0] as number
  return first >= 224 || bytes.every((byte) => byte === 0)
}

/** Four bytes, or undefined for anything that is no dotted address. */
export function v4Of(name: string): number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name)
  const bytes = match?.slice(1).map(Number)
  return bytes?.every((byte) => byte < 256) ? bytes : undefined
}

/** Eight 16-bit words of an IPv6 address, `::` and a dotted tail expanded. */
export function v6Words(name: string): number[] | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(name)
  let text = name
  if (dotted) {
    const v4 = v4Of(dotted[2] as string)
    if (!v4) return undefined
    const [a, b, c, d] = v4 as [number, number, number, number]
    text = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const words = (half: string): number[] =>
    half === '' ? [] : half.split(':').map((word) => Number.parseInt(word, 16))
  const head = words(halves[0] as string)
  const tail = halves.length === 2 ? words(halves[1] as string) : []
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 0) return undefined
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  return all.every((word) => Number.isInteger(word) && word >= 0 && word <= 0xffff) ? all : undefined
}
