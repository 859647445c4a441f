// Credentials at rest: AES-256-GCM under a key derived from the operator's secret. The endpoint's id is bound in, so
// that a sealed credential cannot be moved to another row; the key's id says which secret opens it.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import type { Sealed } from '../core/ports.ts'
import { Secret } from '../core/secret.ts'

export interface Sealer {
  /** First 12 hexadecimal digits of the derived key's hash: tells keys apart, tells nothing of them. */
  readonly keyId: string
  seal(plain: Secret, boundTo: string): Sealed
  /** Undefined when it was sealed under another key, for another row, or was tampered with. */
  open(sealed: Sealed, boundTo: string): Secret | undefined
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

export function sealer(secret: Secret): Sealer {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), 'trunkline', 'stored credentials', 32))
  const keyId = createHash('sha256').update('key id').update(key).digest('hex').slice(0, 12)
  return {
    keyId,
    seal(plain, boundTo) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(Buffer.from(boundTo))
      const body = Buffer.concat([cipher.update(plain.reveal(), 'utf8'), cipher.final()])
      return { keyId, text: Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64') }
    },
    open(sealed, boundTo) {
      if (sealed.keyId !== keyId) return undefined
      const bytes = Buffer.from(sealed.text, 'base64')
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(boundTo))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      try {
        const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
        return new Secret(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8'))
      } catch {
        // The tag does not fit: another row's, or tampered with. The caller flags the endpoint.
        return undefined
      }
    },
  }
}
