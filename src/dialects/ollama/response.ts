// Whole Ollama answers to canonical ones.

import { GatewayError } from '../../core/error.ts'
import { type Json, asString, isObject } from '../../core/json.ts'
import { originFrom } from '../../core/members.ts'
import type { Part } from '../../core/part.ts'
import type { GenerationResponse } from '../../core/response.ts'
import { createdAt, saidIn } from './answer-decode.ts'
import { errorInside } from './error.ts'
import { decodeFinish } from './finish.ts'
import { DIALECT, type Form } from './form.ts'
import { decodeUsage } from './usage.ts'

/** @throws GatewayError `bad_upstream_response` for an error text or an answer that is not done. */
export function decodeResponse(form: Form, wire: Json): GenerationResponse {
  if (!isObject(wire))
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 with no JSON object')
  const inside = errorInside(wire)
  if (inside) throw inside
  if (form === 'chat' ? !isObject(wire.message) : typeof wire.response !== 'string')
    throw new GatewayError('bad_upstream_response', 'the upstream answered 200 without a message')
  const said = saidIn(wire, form, 0)
  const parts: Part[] = [
    ...(said.thinking === '' ? [] : [{ kind: 'reasoning' as const, text: said.thinking }]),
    ...(said.text === '' ? [] : [{ kind: 'text' as const, text: said.text }]),
    ...said.images,
    ...said.calls,
  ]
  const usage = decodeUsage(wire)
  const origin = originFrom(DIALECT[form], said.extras)
  return {
    id: '',
    model: asString(wire.model) ?? '',
    created: createdAt(wire),
    choices: [
      {
        index: 0,
        parts,
        finish: decodeFinish(wire.done_reason, said.calls.length > 0),
        ...(said.logprobs.length > 0 ? { logprobs: { content: said.logprobs } } : {}),
      },
    ],
    ...(usage ? { usage } : {}),
    ...(origin ? { origin } : {}),
  }
}
