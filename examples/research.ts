// A small research flow over a folder of text: the question becomes sub-questions, a retriever of our own finds passages
// for each, and the answer cites them. `node examples/research.ts "How do heat pumps work in winter?" examples/notes`

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from 'trunkline/client'
import { z } from 'zod'

const [question = 'How do heat pumps work in winter?', folder = join(import.meta.dirname, 'notes')] =
  process.argv.slice(2)
const client = createClient()

interface Passage {
  source: string
  text: string
  vector: number[]
}

/** The retriever: paragraphs of every text file, found by the angle between vectors. Any other fits here as well. */
async function retriever(path: string): Promise<(query: string, count: number) => Promise<Passage[]>> {
  const passages = readdirSync(path)
    .filter((name) => name.endsWith('.txt'))
    .toSorted()
    .flatMap((name) =>
      readFileSync(join(path, name), 'utf8')
        .split(/\n\s*\n/)
        .map((text) => ({ source: name, text: text.trim() })),
    )
  const { vectors } = await client.embed(passages.map(({ text }) => text))
  const indexed = passages.map((passage, at): Passage => ({ ...passage, vector: vectors[at] ?? [] }))
  return async (query, count) => {
    const [vector = []] = (await client.embed(query)).vectors
    return indexed.toSorted((a, b) => angle(b.vector, vector) - angle(a.vector, vector)).slice(0, count)
  }
}

function angle(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
  return dot / (Math.hypot(...a) * Math.hypot(...b) || 1)
}

const retrieve = await retriever(folder)
const { value: subQuestions } = await client.chat(
  `Split this question into at most three simpler ones. Answer with a JSON array of strings only.\n\n${question}`,
  { validate: z.array(z.string()).min(1), repair: true },
)
const found = new Map<string, Passage>()
for (const one of subQuestions) for (const passage of await retrieve(one, 2)) found.set(passage.text, passage)
const sources = [...found.values()]
console.log(`${subQuestions.length} sub-questions, ${sources.length} passages`)

const notes = sources.map(({ source, text }, at) => `[${at + 1}] (${source}) ${text}`).join('\n\n')
const prompt = `Answer from these notes only, and cite them like [1].\n\n${notes}\n\nQuestion: ${question}`
let answer = ''
for await (const piece of client.stream(prompt).text()) {
  answer += piece
  process.stdout.write(piece)
}
console.log('\n')
for (const [at, { source }] of sources.entries())
  if (answer.includes(`[${at + 1}]`)) console.log(`[${at + 1}] ${source}`)
await client.close()
