// A real inference engine behind the usual paths: llama.cpp with a tiny random model, one thread, one call at a time.
// The end-to-end suite puts it behind the gateway, so that something there has a mind of its own about timing and bytes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import llama from '@fugood/llama.node'
import { makeGguf } from './make-gguf.mjs'

const CONTEXT = 512
const MODEL = 'trunkline-tiny'
const DEFAULT_TOKENS = 24
const REST_MS = 100
/** After a completion that was stopped, whose thread ends with the token it is at. */
const REST_AFTER_STOP_MS = 1_500

/** @returns {Promise<{ url: string, port: number, close(): Promise<void> }>} */
export async function startEngine({ port = 0, host = '127.0.0.1' } = {}) {
  const options = { n_ctx: CONTEXT, n_threads: 1, n_gpu_layers: 0, use_mmap: false }
  const dir = mkdtempSync(join(tmpdir(), 'engine-'))
  const model = join(dir, 'tiny.gguf')
  let talker
  let embedder
  try {
    writeFileSync(model, makeGguf())
    talker = await llama.loadModel({ ...options, model })
    // A context gives either next tokens or pooled embeddings.
    embedder = await llama.loadModel({ ...options, model, embedding: true, pooling_type: 'mean' })
  } finally {
    // Read in full (no mmap), so the file is not needed any more.
    rmSync(dir, { recursive: true })
  }

  // A context does one thing at a time; the others wait their turn. Its own thread is through a moment after its result is
  // told: a call in between is refused ("another completion is in progress") or, clearing the cache, brings it down.
  let restMs = REST_MS
  const rest = () => {
    const ms = restMs
    restMs = REST_MS
    return new Promise((resolve) => setTimeout(resolve, ms))
  }
  /** Tries again while the thread of the call before is not through yet. */
  const whenFree = async (work) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (thrown) {
        if (attempt === 50 || !/in progress/.test(String(thrown?.message))) throw thrown
        await new Promise((resolve) => setTimeout(resolve, REST_MS))
      }
    }
  }
  let turn = Promise.resolve()
  const inTurn = (work) => {
    const mine = turn.then(work)
    turn = mine.then(rest, rest)
    return mine
  }

  let serial = 0
  const server = createServer(async (request, response) => {
    const chunks = []
    try {
      for await (const chunk of request) chunks.push(chunk)
      const path = (request.url ?? '/').replace(/\?.*$/, '')
      const asked = `${request.method} ${path}`
      if (asked === 'GET /health') return send(response, 200, { status: 'ok' })
      if (asked === 'GET /v1/models')
        return send(response, 200, {
          object: 'list',
          data: [{ id: MODEL, object: 'model', created: 0, owned_by: 'llamacpp' }],
        })
      if (asked !== 'POST /v1/chat/completions' && asked !== 'POST /v1/embeddings')
        throw new Refusal(404, `no such path: ${asked}`)
      const body = parse(Buffer.concat(chunks).toString('utf8'))
      if (asked === 'POST /v1/embeddings') return await embeddings(body, response)
      return await chat(body, response)
    } catch (thrown) {
      const status = thrown instanceof Refusal ? thrown.status : 500
      const type = status < 500 ? 'invalid_request_error' : 'server_error'
      const error = { message: thrown.message, type, param: null, code: thrown.code ?? null }
      if (response.headersSent) response.destroy()
      else send(response, status, { error })
    }
  })

  async function chat(body, response) {
    if (!Array.isArray(body.messages) || body.messages.length === 0)
      throw new Refusal(400, 'messages is required')
    const messages = body.messages.map((message) => ({
      role: String(message.role),
      content: textOf(message.content),
    }))
    const { prompt } = talker.getFormattedChat(messages, undefined, { jinja: true })
    const promptTokens = (await talker.tokenize(prompt)).tokens.length
    if (promptTokens >= CONTEXT)
      throw new Refusal(
        400,
        `the prompt has ${promptTokens} tokens, the context holds ${CONTEXT}`,
        'context_length_exceeded',
      )
    const wanted = body.max_completion_tokens ?? body.max_tokens ?? DEFAULT_TOKENS
    const head = {
      id: `chatcmpl-${++serial}`,
      created: Math.floor(Date.now() / 1000),
      model: body.model ?? MODEL,
    }
    let gone = response.destroyed
    let running = false
    response.once('close', () => {
      gone = true
      if (!running) return
      restMs = REST_AFTER_STOP_MS
      talker.stopCompletion()
    })
    let text = ''
    const chunk = (delta, finish = null) =>
      response.write(
        frame({
          ...head,
          object: 'chat.completion.chunk',
          choices: [{ index: 0, delta, finish_reason: finish }],
        }),
      )
    const result = await inTurn(async () => {
      if (gone) return undefined
      if (body.stream === true) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        chunk({ role: 'assistant', content: '' })
      }
      running = true
      try {
        talker.clearCache()
        const done = await whenFree(() =>
          talker.completion(
            {
              prompt,
              n_predict: Math.min(wanted, CONTEXT - promptTokens),
              temperature: body.temperature ?? 0.8,
              top_p: body.top_p ?? 1,
              seed: body.seed ?? 1,
              stop: [body.stop ?? []].flat(),
            },
            ({ token }) => {
              if (gone || token === '') return
              text += token
              if (body.stream === true) chunk({ content: token })
            },
          ),
        )
        // The result overtakes the last tokens, which wait in a queue of their own: one whole turn of the loop empties
        // it, and the first of these two turns may have begun already.
        await nextTurn()
        await nextTurn()
        return done
      } finally {
        running = false
      }
    })
    if (gone || !result) return
    const finish = result.stopped_limited === true || result.stopped_limit === true ? 'length' : 'stop'
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: result.tokens_predicted,
      total_tokens: promptTokens + result.tokens_predicted,
    }
    if (body.stream !== true)
      return send(response, 200, {
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }],
        usage,
      })
    chunk({}, finish)
    if (body.stream_options?.include_usage === true)
      response.write(frame({ ...head, object: 'chat.completion.chunk', choices: [], usage }))
    response.end('data: [DONE]\n\n')
  }

  async function embeddings(body, response) {
    const texts = [body.input].flat()
    if (texts.length === 0 || texts.some((text) => typeof text !== 'string' || text === ''))
      throw new Refusal(400, 'input must be a string or a list of strings, none of them empty')
    const data = []
    let tokens = 0
    for (const [index, text] of texts.entries()) {
      const count = (await embedder.tokenize(text)).tokens.length
      if (count > CONTEXT) throw new Refusal(400, 'an input is too long', 'context_length_exceeded')
      tokens += count
      // Normalised by the 2-norm.
      const { embedding } = await inTurn(() => {
        // What an earlier text left in the cache would be attended to as well.
        embedder.clearCache()
        return embedder.embedding(text, { embd_normalize: 2 })
      })
      const floats = Float32Array.from(embedding)
      data.push({
        object: 'embedding',
        index,
        embedding:
          body.encoding_format === 'base64' ? Buffer.from(floats.buffer).toString('base64') : [...floats],
      })
    }
    send(response, 200, {
      object: 'list',
      model: body.model ?? MODEL,
      data,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    })
  }

  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = server.address().port
  return {
    url: `http://${host}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise((resolve) => {
        server.close(resolve)
      })
      server.closeAllConnections()
      await closed
      await turn
      await talker.release()
      await embedder.release()
    },
  }
}

class Refusal extends Error {
  constructor(status, message, code) {
    super(message)
    this.status = status
    this.code = code
  }
}

function parse(text) {
  try {
    const body = JSON.parse(text)
    if (typeof body === 'object' && body !== null) return body
  } catch {
    // Said below.
  }
  throw new Refusal(400, 'the body is not a JSON object')
}

function textOf(content) {
  if (typeof content === 'string') return content
  return Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : ''
}

function frame(payload) {
  return `data: ${JSON.stringify(payload)}\n\n`
}

function send(response, status, body) {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}

if (import.meta.main) {
  const engine = await startEngine({ port: Number(process.env.PORT ?? 0) })
  console.log(`engine at ${engine.url}`)
  const stop = () => void engine.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
