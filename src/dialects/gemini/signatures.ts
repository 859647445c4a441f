// Which seals are thought signatures of this dialect. Google binds them to the door that issued them as well (one of AI
// Studio is refused as corrupt on Vertex); the gateway knows the account of a seal and takes foreign ones out before.

import type { Seal } from '../../core/origin.ts'

/** Accepted in place of a signature for a call that some other model made (Google's documentation of the sentinel). */
export const SKIP_VALIDATION = 'skip_thought_signature_validator'

/** The signature to send; undefined for another vendor's seal. */
export function signatureIn(sealed: Seal | undefined): string | undefined {
  return sealed?.dialect === 'gemini' && sealed.kind === 'signature' ? sealed.value : undefined
}
