// What each coding tool or chat front needs in order to talk to a gateway: which file, and how it changes. Each row is a
// pure function from the file's text to its new text; writing and undoing are in files.ts.

import { Document, isMap, isSeq, parseDocument } from 'yaml'

export interface Facts {
  /** Root of the gateway, without a path. */
  url: string
  /** "" where the gateway asks for none. */
  key: string
  model: string
  /** What the gateway's list tells of the model; a client that does not know it would guess. */
  contextTokens?: number
  outputTokens?: number
}

export interface FileChange {
  /** Below the home directory. */
  path: string
  /** @param text undefined: there is no such file yet. @throws Error when the file cannot be understood. */
  change(text: string | undefined, facts: Facts): string
}

export interface ClientSetup {
  title: string
  files: readonly FileChange[]
  /** What is to be done by hand; the only thing where there is no file. */
  say(facts: Facts): string[]
}

type JsonMap = Record<string, unknown>

/** A JSON file with members merged in; comments are not JSON and are refused rather than lost. */
const json =
  (members: (facts: Facts) => JsonMap) =>
  (text: string | undefined, facts: Facts): string => {
    let value: unknown = {}
    if (text !== undefined && text.trim() !== '') {
      try {
        value = JSON.parse(text)
      } catch (thrown) {
        throw new Error(
          `it is not plain JSON (${(thrown as Error).message}); use --print and edit it by hand`,
          { cause: thrown },
        )
      }
    }
    return `${JSON.stringify(merged(isRecord(value) ? value : {}, members(facts)), null, 2)}\n`
  }

function merged(base: JsonMap, extra: JsonMap): JsonMap {
  const out: JsonMap = { ...base }
  for (const [name, value] of Object.entries(extra)) {
    const before = out[name]
    out[name] = isRecord(value) && isRecord(before) ? merged(before, value) : value
  }
  return out
}

function isRecord(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const BEGIN = '# >>> trunkline'
const END = '# <<< trunkline'

/** Lines between two marks, replaced when they are there already. */
function block(text: string, lines: readonly string[], where: 'top' | 'bottom'): string {
  const own = [BEGIN, ...lines, END].join('\n')
  const rest = text.replace(new RegExp(`\\n?${BEGIN} ${where}[\\s\\S]*?${END}\\n?`), '')
  const marked = own.replace(BEGIN, `${BEGIN} ${where}`)
  return where === 'top'
    ? `${marked}\n${rest.replace(/^\n+/, '')}`
    : `${rest.replace(/\n*$/, '')}\n${marked}\n`.replace(/^\n+/, '')
}

const quoted = (text: string): string => JSON.stringify(text)
const token = ({ key }: Facts): string => (key === '' ? 'none' : key)

function codexToml(text = '', facts: Facts): string {
  // Root keys stand before the first table; an older choice of model is commented out, not lost.
  const firstTable = text.search(/^\s*\[/m)
  const head = firstTable < 0 ? text : text.slice(0, firstTable)
  const rest = firstTable < 0 ? '' : text.slice(firstTable)
  const lines = [`model = ${quoted(facts.model)}`, 'model_provider = "trunkline"']
  if (facts.contextTokens !== undefined) lines.push(`model_context_window = ${facts.contextTokens}`)
  const ours = new RegExp(`^(${lines.map((line) => line.split(' ')[0]).join('|')})(\\s*=)`, 'gm')
  const top = block(head.replace(ours, '# before trunkline: $1$2'), lines, 'top')
  return block(
    `${top}${rest}`,
    [
      '[model_providers.trunkline]',
      'name = "Trunkline"',
      `base_url = ${quoted(`${facts.url}/v1`)}`,
      'env_key = "TRUNKLINE_API_KEY"',
    ],
    'bottom',
  )
}

function geminiEnv(text = '', facts: Facts): string {
  return block(
    text,
    [`GOOGLE_GEMINI_BASE_URL=${facts.url}`, `GEMINI_API_KEY=${token(facts)}`, `GEMINI_MODEL=${facts.model}`],
    'bottom',
  )
}

/**
 * Presets of Gemini CLI 0.61 that name a Gemini model for summaries, checks and corrections, whatever model was chosen. A
 * helper whose model is not found is tried again without end.
 */
const GEMINI_HELPERS = [
  'gemini-3-flash-base',
  'gemini-2.5-flash-base',
  'gemini-3.5-flash-base',
  'classifier',
  'prompt-completion',
  'fast-ack-helper',
  'edit-corrector',
  'summarizer-default',
  'summarizer-shell',
  'loop-detection-double-check',
  'chat-compression-3-pro',
  'chat-compression-3-flash',
  'chat-compression-3.1-flash-lite',
  'chat-compression-default',
  'agent-history-provider-summarizer',
]

/** OpenCode takes both numbers or none. */
function openCodeLimit({ contextTokens, outputTokens }: Facts): JsonMap {
  return contextTokens === undefined || outputTokens === undefined
    ? {}
    : { limit: { context: contextTokens, output: outputTokens } }
}

function continueYaml(text: string | undefined, facts: Facts): string {
  const document = parseDocument(text ?? 'name: Local\nversion: 1.0.0\nschema: v1\nmodels: []\n')
  if (document.errors.length > 0)
    throw new Error(`it is not valid YAML: ${document.errors[0]?.message ?? ''}`)
  const entry = {
    name: 'Trunkline',
    provider: 'openai',
    model: facts.model,
    apiBase: `${facts.url}/v1`,
    apiKey: token(facts),
    roles: ['chat', 'edit'],
  }
  const models: unknown = document.get('models')
  const at = isSeq(models)
    ? models.items.findIndex((item) => isMap(item) && item.get('name') === 'Trunkline')
    : -1
  if (at >= 0) document.setIn(['models', at], entry)
  else if (isSeq(models)) document.addIn(['models'], entry)
  else document.set('models', [entry])
  return document.toString({ lineWidth: 0 })
}

function aiderYaml(text: string | undefined, facts: Facts): string {
  const parsed = parseDocument(text ?? '')
  if (parsed.errors.length > 0) throw new Error(`it is not valid YAML: ${parsed.errors[0]?.message ?? ''}`)
  const document = isMap(parsed.contents) ? parsed : new Document({})
  document.set('model', `openai/${facts.model}`)
  document.set('openai-api-base', `${facts.url}/v1`)
  document.set('openai-api-key', token(facts))
  return document.toString({ lineWidth: 0 })
}

export const CLIENTS: Readonly<Record<string, ClientSetup>> = {
  'claude-code': {
    title: 'Claude Code',
    files: [
      {
        path: '.claude/settings.json',
        change: json((facts) => ({
          env: {
            ANTHROPIC_BASE_URL: facts.url,
            ANTHROPIC_AUTH_TOKEN: token(facts),
            ANTHROPIC_MODEL: facts.model,
            // What `opus`, `sonnet`, ... stand for, and what agents and helpers of its own ask for by these names.
            ANTHROPIC_DEFAULT_OPUS_MODEL: facts.model,
            ANTHROPIC_DEFAULT_SONNET_MODEL: facts.model,
            ANTHROPIC_DEFAULT_HAIKU_MODEL: facts.model,
            ANTHROPIC_DEFAULT_FABLE_MODEL: facts.model,
            // It takes a model that it does not know to have a window of a million.
            ...(facts.contextTokens === undefined
              ? {}
              : { CLAUDE_CODE_MAX_CONTEXT_TOKENS: String(facts.contextTokens) }),
          },
        })),
      },
    ],
    say: () => ['start it with: claude'],
  },
  codex: {
    title: 'Codex',
    files: [{ path: '.codex/config.toml', change: codexToml }],
    say: (facts) => [`export TRUNKLINE_API_KEY=${token(facts)}`, 'start it with: codex'],
  },
  'gemini-cli': {
    title: 'Gemini CLI',
    files: [
      { path: '.gemini/.env', change: geminiEnv },
      {
        path: '.gemini/settings.json',
        change: json(({ model }) => ({
          security: { auth: { selectedType: 'gemini-api-key' } },
          modelConfigs: {
            customAliases: Object.fromEntries(
              GEMINI_HELPERS.map((name) => [name, { extends: 'base', modelConfig: { model } }]),
            ),
          },
        })),
      },
    ],
    say: () => ['start it with: gemini'],
  },
  opencode: {
    title: 'OpenCode',
    files: [
      {
        path: '.config/opencode/opencode.json',
        change: json((facts) => ({
          $schema: 'https://opencode.ai/config.json',
          model: `trunkline/${facts.model}`,
          provider: {
            trunkline: {
              npm: '@ai-sdk/openai-compatible',
              name: 'Trunkline',
              options: { baseURL: `${facts.url}/v1`, apiKey: token(facts) },
              models: { [facts.model]: { name: facts.model, ...openCodeLimit(facts) } },
            },
          },
        })),
      },
    ],
    say: () => ['start it with: opencode'],
  },
  openwebui: {
    title: 'Open WebUI',
    files: [],
    say: (facts) => [
      'docker run -d -p 3000:8080 --add-host=host.docker.internal:host-gateway \\',
      `  -e OPENAI_API_BASE_URL=${facts.url.replace(/\/\/(127\.0\.0\.1|localhost)/, '//host.docker.internal')}/v1 \\`,
      `  -e OPENAI_API_KEY=${token(facts)} ghcr.io/open-webui/open-webui:main`,
    ],
  },
  continue: {
    title: 'Continue',
    files: [{ path: '.continue/config.yaml', change: continueYaml }],
    say: () => ['choose "Trunkline" in the model list of the editor'],
  },
  aider: {
    title: 'aider',
    files: [{ path: '.aider.conf.yml', change: aiderYaml }],
    say: () => ['start it with: aider'],
  },
}
