// A step made of a recording folder: `meta.json` says status, file and form; the file has the body.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, asNumber, asString, isObject } from '../core/json.ts'
import { awsMessage } from '../wire/aws-event-stream.ts'
import { sseFrame } from '../wire/sse.ts'
import type { Step } from './step.ts'

const TYPES: Record<string, string> = {
  json: 'application/json',
  'json-array-stream': 'application/json',
  sse: 'text/event-stream; charset=utf-8',
  ndjson: 'application/x-ndjson',
  'aws-eventstream': 'application/vnd.amazon.eventstream',
  text: 'text/plain; charset=utf-8',
}

/** Headers of the recorded answer that described its transport, not its content. */
const TRANSPORT = new Set([
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'content-type',
])

export function recordedReply(dir: string): Step {
  const meta: unknown = JSON.parse(readFileSync(join(dir, 'meta.json'), 'utf8'))
  const response = isObject(meta) && isObject(meta.response) ? meta.response : {}
  const file = asString(response.file)
  if (!isObject(meta) || file === undefined) throw new Error(`${dir}/meta.json names no response file`)
  const bytes = readFileSync(join(dir, file))
  const form = asString(response.wireFormat) ?? 'json'
  const payloads = form === 'json-lines-of-stream-payloads'
  const headers = {
    ...contentHeaders(response.headers),
    'content-type': payloads
      ? (TYPES[FRAMED_BY_AWS.test(asString(meta.api) ?? '') ? 'aws-eventstream' : 'sse'] as string)
      : (asString(response.contentType) ?? TYPES[form] ?? 'application/octet-stream'),
  }
  return {
    status: asNumber(response.status) ?? 200,
    headers,
    body: payloads ? reframed(bytes.toString('utf8'), asString(meta.api) ?? '') : bytes,
  }
}

function contentHeaders(recorded: unknown): Record<string, string> {
  const kept: Record<string, string> = {}
  if (!isObject(recorded)) return kept
  for (const [name, value] of Object.entries(recorded)) {
    const text = Array.isArray(value) ? value.filter((item) => typeof item === 'string').join(', ') : value
    if (typeof text === 'string' && !TRANSPORT.has(name.toLowerCase())) kept[name.toLowerCase()] = text
  }
  return kept
}

/** Puts back the framing that a list of payloads has lost. */
function reframed(text: string, api: string): Buffer {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (FRAMED_BY_AWS.test(api)) return Buffer.concat(lines.map(awsFrame))
  // Anthropic, Responses and Interactions name their events; the Chat wires end with a marker instead.
  const framed = lines.map((line) => sseFrame(NAMED.test(api) ? eventName(line) : '', line))
  if (DONE.test(api) && lines.at(-1)?.trim() !== '[DONE]') framed.push(sseFrame('', '[DONE]'))
  return Buffer.from(framed.join(''))
}

const FRAMED_BY_AWS = /^converse/

/** A payload of these recordings is an object whose one member is the event. */
function awsFrame(line: string): Buffer {
  const value: unknown = JSON.parse(line)
  const [event = '', payload = {}] = isObject(value) ? (Object.entries(value)[0] ?? []) : []
  return awsMessage(event, JSON.stringify(payload))
}

const NAMED = /^(messages|responses|interactions|chat-v2)/
const DONE = /^(chat-completions|completions)/

function eventName(line: string): string {
  let payload: JsonObject | undefined
  try {
    const value: unknown = JSON.parse(line)
    if (isObject(value)) payload = value
  } catch {
    // Recordings hold broken payloads on purpose; they go out without a name.
  }
  return asString(payload?.type) ?? asString(payload?.event_type) ?? ''
}
