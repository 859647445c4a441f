// Amazon's event stream cut by its length fields alone: no library, no checksum. What the oracles read.

export interface AwsFrame {
  headers: Record<string, string>
  payload: string
}

/** Complete messages; a torn last one is left out. */
export function awsFrames(bytes: Buffer): AwsFrame[] {
  const frames: AwsFrame[] = []
  let at = 0
  while (at + 12 <= bytes.length) {
    const total = bytes.readUInt32BE(at)
    const headerBytes = bytes.readUInt32BE(at + 4)
    if (at + total > bytes.length) break
    const headers: Record<string, string> = {}
    let place = at + 12
    const end = place + headerBytes
    while (place < end) {
      const name = bytes.toString('utf8', place + 1, place + 1 + bytes.readUInt8(place))
      place += 1 + name.length
      // Every header of this service is a string: type 7, two bytes of length.
      if (bytes.readUInt8(place) !== 7) throw new Error(`header ${name} is no string`)
      const length = bytes.readUInt16BE(place + 1)
      headers[name] = bytes.toString('utf8', place + 3, place + 3 + length)
      place += 3 + length
    }
    frames.push({ headers, payload: bytes.toString('utf8', end, at + total - 4) })
    at += total
  }
  return frames
}
