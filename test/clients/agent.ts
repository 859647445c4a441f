// The agent that every scripted upstream plays, whatever its wire: reads one file, then two at once, then tells what they
// hold. Which turn it is follows from the results in the request alone, so that the words in the files can stand in the
// last answer only when the client's tools ran and their results came through.

import { type Json, type JsonObject, isObject } from '../../src/core/json.ts'
import { sample } from '../../src/testing/chat-plan.ts'
import type { Step } from '../../src/testing/step.ts'

export interface Call {
  id: string
  name: string
  arguments: JsonObject
}

export interface Turn {
  reasoning: string
  /** Private state that must come back as it is: base64, for Google takes nothing else. */
  seal: string
  text: string
  calls: Call[]
}

export interface Tool {
  name: string
  schema: Json | undefined
}

/** What a request says, read plainly from its wire. */
export interface Asked {
  model: string
  stream: boolean
  tools: Tool[]
  /** Of an answer that has to be JSON. */
  schema?: Json | undefined
  /** Whether the vendor would send reasoning state to such a request. */
  reasons: boolean
  /** What came back of earlier turns, oldest first. */
  calls: Call[]
  results: { id: string; text: string }[]
  /** Seals or, on wires without any, reasoning texts. */
  state: string[]
  /** What this wire's vendor would refuse. */
  faults?: string[]
}

export interface Wire {
  /** Of the paths below which this wire's answers are asked for. */
  path: RegExp
  /** Whether its seals are signatures or the reasoning's own text. */
  state: 'seal' | 'reasoning'
  read(body: JsonObject, path: string): Asked
  write(turn: Turn, asked: Asked): Step
  /** Where the client or the gateway asks for a count of tokens. */
  count?: { path: RegExp; body: JsonObject }
}

/** The files that lie in the client's folder. */
export const FILES = ['first.txt', 'second.txt', 'third.txt'] as const
export const PROMPT =
  'Read first.txt with your shell, then second.txt and third.txt at once, and tell me what is in them.'

/** Shell tools of the clients, as they are called. */
const SHELLS = new Set(['Bash', 'bash', 'run_shell_command', 'exec_command', 'shell', 'shell_command'])

export interface Played {
  turn: Turn
  /** What is wrong with the conversation that was sent. */
  faults: string[]
  /** 0 to 2; undefined: a question beside the task, such as a title. */
  stage?: number
}

export function play(asked: Asked, wire: Wire): Played {
  const shell = asked.tools.find(({ name }) => SHELLS.has(name))
  if (!shell) return { turn: aside(asked), faults: [] }
  const turns = planned(shell)
  const done = asked.results.length
  const stage = done === 0 ? 0 : done === 1 ? 1 : 2
  const turn = turns[stage] as Turn
  if (stage === 2) turn.text = `They hold, in this order: ${heard(asked, turns).join(' ')}`
  return { turn, stage, faults: faultsOf(asked, turns.slice(0, stage), wire) }
}

/** What each call brought, in the order of the files: clients return results in the order in which they came. */
function heard({ results }: Asked, turns: readonly Turn[]): string[] {
  return turns
    .flatMap(({ calls }) => calls)
    .map((call) => results.find(({ id }) => id === call.id)?.text ?? 'nothing')
}

function aside(asked: Asked): Turn {
  const text = asked.schema === undefined ? 'Three small files' : JSON.stringify(sample(asked.schema))
  return { reasoning: '', seal: '', text, calls: [] }
}

function planned(shell: Tool): Turn[] {
  const call = (at: number): Call => ({
    id: `call_${at}`,
    name: shell.name,
    arguments: argumentsFor(shell, `cat ${FILES[at]}`),
  })
  return [
    turnOf(0, 'I look at the first one.', [call(0)]),
    turnOf(1, 'Now the other two.', [call(1), call(2)]),
    turnOf(2, '', []),
  ]
}

function turnOf(stage: number, text: string, calls: Call[]): Turn {
  const seal = Buffer.from(`state of turn ${stage}, kept by the vendor`).toString('base64')
  return { reasoning: `Thinking at turn ${stage}.`, seal, text, calls }
}

/** The command under whatever name the tool has for it, and the smallest value for what else it demands. */
function argumentsFor({ schema }: Tool, command: string): JsonObject {
  const properties = isObject(schema) && isObject(schema.properties) ? schema.properties : {}
  const name = ['command', 'cmd'].find((candidate) => properties[candidate] !== undefined) ?? 'command'
  const property = properties[name]
  const list = isObject(property) && property.type === 'array'
  const least = sample(schema ?? {})
  return { ...(isObject(least) ? least : {}), [name]: list ? ['sh', '-c', command] : command }
}

function faultsOf(asked: Asked, past: readonly Turn[], wire: Wire): string[] {
  const faults: string[] = [...(asked.faults ?? [])]
  const issued = past.flatMap(({ calls }) => calls)
  for (const call of issued) {
    const back = asked.calls.find(({ id }) => id === call.id)
    if (!back) faults.push(`call ${call.id} did not come back`)
    else if (back.name !== call.name || !sameArguments(back.arguments, call.arguments))
      faults.push(`call ${call.id} came back as ${back.name} ${JSON.stringify(back.arguments)}`)
    const results = asked.results.filter(({ id }) => id === call.id)
    if (results.length !== 1) faults.push(`call ${call.id} has ${results.length} results`)
  }
  if (asked.calls.length !== issued.length)
    faults.push(`${asked.calls.length} calls came back, ${issued.length} were made`)
  const state = past.map((turn) => turn[wire.state])
  if (asked.reasons && asked.state.join() !== state.join())
    faults.push(`state came back as [${asked.state.join(', ')}] instead of [${state.join(', ')}]`)
  return faults
}

/** Clients write the members in another order, and fill in defaults that their tool has. */
function sameArguments(back: JsonObject, issued: JsonObject): boolean {
  return Object.entries(issued).every(([name, value]) => JSON.stringify(back[name]) === JSON.stringify(value))
}
