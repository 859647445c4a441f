// Writes a tiny model that llama.cpp loads: the llama architecture, two layers, random weights from a seed. It knows
// nothing and says nothing of sense, but it is a real model: tokenizer, template, context, sampling, embeddings.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const LAYERS = 2
const EMBD = 64
const HEADS = 4
const FF = 128
const CONTEXT = 512

// Value types of the format.
const U32 = 4
const I32 = 5
const F32 = 6
const BOOL = 7
const STRING = 8
const ARRAY = 9

// Token types of a SentencePiece vocabulary.
const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

const WORDS =
  'the a of to and in is it you that he was for on are with as his they be at one have this from or had by hot but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find any new work part take get place made live where after back little only round man year came show every good me give our under name very through just form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence set three want air well also play small end put home read hand port large spell add even land here must big high such follow act why ask men change went light kind off need house picture try us again animal point mother world near build self earth father'

/** Every token, its score and its type; the bytes make any text expressible. */
function vocabulary() {
  const rows = [
    ['<unk>', 0, UNKNOWN],
    ['<s>', 0, CONTROL],
    ['</s>', 0, CONTROL],
  ]
  for (let byte = 0; byte < 256; byte++)
    rows.push([`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, 0, BYTE])
  // "▁" is the space in front of a word.
  for (const word of WORDS.split(' ')) rows.push([`▁${word}`, -rows.length, NORMAL])
  return rows
}

const TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"

/** mulberry32: the same weights on every machine. */
function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function u32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function string(text) {
  const bytes = Buffer.from(text)
  return Buffer.concat([u64(bytes.length), bytes])
}

function scalar(type, value) {
  if (type === STRING) return string(value)
  if (type === BOOL) return Buffer.from([value ? 1 : 0])
  const bytes = Buffer.alloc(4)
  if (type === F32) bytes.writeFloatLE(value)
  else if (type === I32) bytes.writeInt32LE(value)
  else bytes.writeUInt32LE(value)
  return bytes
}

function pair(key, type, value) {
  return Buffer.concat([string(key), u32(type), scalar(type, value)])
}

function list(key, type, values) {
  return Buffer.concat([
    string(key),
    u32(ARRAY),
    u32(type),
    u64(values.length),
    ...values.map((value) => scalar(type, value)),
  ])
}

// Random bytes would be broken UTF-8, so the model must not say them. It has no biases; one dimension serves as one:
// every embedding has a 1 there, no layer writes to it, and the output rows of unsayable tokens count it against them.
const BIAS = 40

function setBias(name, values, rows) {
  if (name === 'token_embd.weight') for (let at = 0; at < values.length; at += EMBD) values[at] = 1
  else if (/attn_output|ffn_down/.test(name)) values.fill(0, 0, values.length / EMBD)
  else if (name === 'output.weight')
    for (const [id, [text, , type]] of rows.entries())
      values[id * EMBD] = type === NORMAL || text === '</s>' ? 0 : -BIAS
}

/** @returns the bytes of the file. */
export function makeGguf(seed = 1) {
  const random = generator(seed)
  const rows = vocabulary()
  const pairs = [
    pair('general.architecture', STRING, 'llama'),
    pair('general.name', STRING, 'trunkline-tiny'),
    pair('general.file_type', U32, 0),
    pair('llama.block_count', U32, LAYERS),
    pair('llama.context_length', U32, CONTEXT),
    pair('llama.embedding_length', U32, EMBD),
    pair('llama.feed_forward_length', U32, FF),
    pair('llama.attention.head_count', U32, HEADS),
    pair('llama.attention.head_count_kv', U32, HEADS),
    pair('llama.attention.layer_norm_rms_epsilon', F32, 1e-5),
    pair('llama.rope.dimension_count', U32, EMBD / HEADS),
    pair('llama.vocab_size', U32, rows.length),
    pair('tokenizer.ggml.model', STRING, 'llama'),
    list(
      'tokenizer.ggml.tokens',
      STRING,
      rows.map((row) => row[0]),
    ),
    list(
      'tokenizer.ggml.scores',
      F32,
      rows.map((row) => row[1]),
    ),
    list(
      'tokenizer.ggml.token_type',
      I32,
      rows.map((row) => row[2]),
    ),
    pair('tokenizer.ggml.bos_token_id', U32, 1),
    pair('tokenizer.ggml.eos_token_id', U32, 2),
    pair('tokenizer.ggml.unknown_token_id', U32, 0),
    pair('tokenizer.ggml.add_bos_token', BOOL, true),
    pair('tokenizer.chat_template', STRING, TEMPLATE),
  ]
  // Dimensions in the format's order: the row length first.
  const tensors = [
    ['token_embd.weight', [EMBD, rows.length]],
    ...Array.from({ length: LAYERS }, (_, layer) => [
      [`blk.${layer}.attn_norm.weight`, [EMBD]],
      [`blk.${layer}.attn_q.weight`, [EMBD, EMBD]],
      [`blk.${layer}.attn_k.weight`, [EMBD, EMBD]],
      [`blk.${layer}.attn_v.weight`, [EMBD, EMBD]],
      [`blk.${layer}.attn_output.weight`, [EMBD, EMBD]],
      [`blk.${layer}.ffn_norm.weight`, [EMBD]],
      [`blk.${layer}.ffn_gate.weight`, [EMBD, FF]],
      [`blk.${layer}.ffn_up.weight`, [EMBD, FF]],
      [`blk.${layer}.ffn_down.weight`, [FF, EMBD]],
    ]).flat(),
    ['output_norm.weight', [EMBD]],
    ['output.weight', [EMBD, rows.length]],
  ]
  let offset = 0
  const infos = []
  const data = []
  for (const [name, dims] of tensors) {
    infos.push(string(name), u32(dims.length), ...dims.map(u64), u32(0), u64(offset))
    const values = new Float32Array(dims.reduce((product, size) => product * size, 1))
    // Norms are ones; the rest is uniform with the usual spread for its width.
    const spread = Math.sqrt(3 / dims[0])
    for (let at = 0; at < values.length; at++)
      values[at] = dims.length === 1 ? 1 : (random() * 2 - 1) * spread
    setBias(name, values, rows)
    const bytes = Buffer.from(values.buffer)
    data.push(bytes, padding(bytes.length))
    offset += bytes.length + padding(bytes.length).length
  }
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(pairs.length),
    ...pairs,
    ...infos,
  ])
  return Buffer.concat([head, padding(head.length), ...data])
}

function padding(length) {
  return Buffer.alloc((32 - (length % 32)) % 32)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2] ?? 'tiny.gguf'
  writeFileSync(path, makeGguf())
  console.log(path)
}
