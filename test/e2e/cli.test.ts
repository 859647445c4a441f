// The command line as a user types it: real processes, an empty directory, a home of its own.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { completion, manPage } from '../../src/cli/reference.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { program } from '../../src/cli/program.ts'
import { deadPort, endpoints, upstream } from '../acceptance/upstream.ts'
import { KEY, run, testDir, up } from '../acceptance/kit.ts'

const json = (text: string): unknown => JSON.parse(text) as unknown
const CLEAN = { LITELLM_MASTER_KEY: undefined, TRUNKLINE_URL: undefined }

describe('help', () => {
  test('names every command under its heading, and each explains itself', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const { name } of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
    expect(stdout).toMatch(/Start here:/)
    expect(stdout).not.toContain('\u001b[')
    const whole = await program()
    for (const { name, load } of COMMANDS) {
      expect((await load()).name()).toBe(name)
      expect(whole.commands.map((command) => command.name())).toContain(name)
    }
    expect((await run(['config', 'check', '--help'])).stdout).toMatch(/Usage: trunkline config check/)
    const unknown = await run(['serv'])
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringMatching(/unknown command 'serv'.*Did you mean serve/s),
    ])
  })

  test('the completion script completes commands, subcommands, choices and options', async () => {
    const script = completion('bash', await program())
    const complete = (...words: string[]): string[] => {
      const line = ['trunkline', ...words].map((word) => JSON.stringify(word)).join(' ')
      const asked = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _trunkline; printf '%s\\n' "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['-c', asked], { encoding: 'utf8' }).trim().split('\n')
    }
    expect(complete('doc')).toEqual(['doctor'])
    expect(complete('config', 'pl')).toEqual(['plan'])
    expect(complete('setup', 'open')).toEqual(['opencode', 'openwebui'])
    expect(complete('setup', 'codex', '--un')).toEqual(['--undo'])
    expect(completion('fish', await program())).toContain(
      "complete -c trunkline -f -n '__fish_use_subcommand' -a doctor",
    )
  })

  test('the manual page says everything the help says', async () => {
    const page = manPage(await program())
    for (const { name } of COMMANDS) expect(page).toContain(`trunkline ${name}`)
    expect(page).toContain('\\-\\-undo')
    expect((await run(['man'])).stdout.trim()).toBe(page)
  })
})

describe('config', () => {
  const good =
    'endpoints:\n  a: { provider: openai-compatible, base_url: "http://127.0.0.1:9/v1", api_key: "${K:-sk-hidden}", models: [m] }\n'

  test('check: 0 for a good one, 1 and every place for a bad one', async () => {
    const fine = await run(['config', 'check'], { yaml: good })
    expect([fine.code, fine.stdout]).toEqual([0, expect.stringMatching(/^ok: 1 endpoints, 1 routes/)])
    const bad = await run(['config', 'check'], {
      yaml: `${good}  b: { provider: opnai }\nroutes:\n  r: { targets: [c/x] }\n`,
    })
    expect(bad.code).toBe(1)
    expect(bad.stderr).toMatch(/config\.yaml:3:\d+: error: .*opnai/)
    expect(bad.stderr).toMatch(/config\.yaml:5:\d+: error: .*"c"/)
    const loose = await run(['config', 'check', '--json'], {
      yaml: good.replace('models', 'modles: 1, models'),
    })
    expect([loose.code, json(loose.stdout)]).toEqual([
      0,
      { ok: true, files: expect.any(Array), problems: [expect.objectContaining({ severity: 'warning' })] },
    ])
    expect(
      (await run(['config', 'check', '--strict'], { yaml: good.replace('models', 'modles: 1, models') }))
        .code,
    ).toBe(1)
  })

  test('show: all sources together, no credential', async () => {
    const { stdout } = await run(['config', 'show'], { yaml: good, env: { TRUNKLINE_PORT: '4567' } })
    expect(parse(stdout)).toMatchObject({
      server: { port: 4567 },
      endpoints: { a: { provider: 'openai-compatible', api_key: '[secret]', models: ['m'] } },
    })
    expect(stdout).not.toContain('sk-hidden')
    const levels = await run(['config', 'show', '--levels', '--json'], {
      yaml: good,
      env: { TRUNKLINE_PORT: '4567' },
    })
    expect(json(levels.stdout)).toContainEqual({
      key: 'server.port',
      value: 4567,
      level: 'env',
      from: 'TRUNKLINE_PORT',
    })
  })

  test('plan: what another file would change', async () => {
    const { stdout } = await run(['config', 'plan', 'next.yaml'], {
      yaml: good,
      files: {
        'next.yaml':
          good.replace(':9/v1', ':10/v1').replace('a:', 'a:') + '  b: { provider: ollama, models: [q] }\n',
      },
    })
    expect(stdout).toMatch(/\+ endpoint b/)
    expect(stdout).toMatch(/~ endpoint a\n.*9\/v1.*10\/v1/)
  })

  test('import: a LiteLLM configuration in one command, with a verdict per line and no key moved', async () => {
    const litellm = `model_list:
  - model_name: fast
    litellm_params: { model: groq/llama-3.1-8b, api_key: os.environ/GROQ_API_KEY }
  - model_name: local
    litellm_params: { model: ollama/qwen3, api_base: "http://localhost:11434", api_key: sk-written-out }
litellm_settings: { num_retries: 2 }
`
    const { code, stdout } = await run(['config', 'import', 'litellm.yaml', '--json'], {
      files: { 'litellm.yaml': litellm },
    })
    expect(code).toBe(0)
    const said = json(stdout) as {
      kind: string
      yaml: string
      verdicts: { path: string; judgement: string }[]
      secrets: { variable: string }[]
    }
    expect(said.kind).toBe('litellm')
    expect(said.yaml).not.toContain('sk-written-out')
    expect(said.verdicts.length).toBeGreaterThan(5)
    const checked = await run(['config', 'check'], {
      yaml: said.yaml,
      file: 'trunkline.yaml',
      env: { GROQ_API_KEY: 'k', ...Object.fromEntries(said.secrets.map(({ variable }) => [variable, 'k'])) },
    })
    expect(checked.code, checked.output).toBe(0)
    const written = await run(['config', 'import', 'litellm.yaml'], { files: { 'litellm.yaml': litellm } })
    expect(written.stdout).toMatch(/wrote trunkline\.yaml: 2 endpoints/)
  })

  test('init --yes writes a file that check accepts, without a key in it', async () => {
    const shown = await run(['config', 'init', '--print', '--no-scan'], {
      env: { MISTRAL_API_KEY: 'sk-hidden' },
    })
    expect(shown.code).toBe(0)
    expect(parse(shown.stdout)).toMatchObject({
      endpoints: { mistral: { provider: 'mistral', api_key_env: 'MISTRAL_API_KEY' } },
    })
    expect(shown.stdout).not.toContain('sk-hidden')
    const checked = await run(['config', 'check'], {
      yaml: shown.stdout,
      file: 'trunkline.yaml',
      env: { MISTRAL_API_KEY: 'k' },
    })
    expect(checked.code).toBe(0)
    const taken = await run(['config', 'init', '--yes', '--no-scan'], { yaml: good, file: 'trunkline.yaml' })
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/--force/)])
  })
})

describe('looking', () => {
  test('models: of a gateway, of an endpoint, and of what is configured', async () => {
    const m1 = await upstream({ models: ['m-a', 'm-b'] })
    const yaml = endpoints({ one: [m1.v1, 'm-a'] })
    const gateway = await up({ yaml })
    const served = await run(['models', '--url', gateway.url, '--key', KEY, '--json'])
    expect(json(served.stdout)).toEqual([expect.objectContaining({ id: 'm-a', source: 'one' })])
    const shown = await run(['models', '--url', gateway.url, '--key', KEY])
    expect(shown.stdout).toMatch(/^model +context +output/)
    const direct = await run(['models', m1.v1, '--json'])
    expect((json(direct.stdout) as { id: string }[]).map(({ id }) => id)).toEqual(['m-a', 'm-b'])
    const alone = await run(['models', '--url', `http://127.0.0.1:${await deadPort()}`], { yaml })
    expect(alone.stdout).toMatch(/m-b/)
    expect(alone.stderr).toMatch(/no gateway answers/)
  })

  test('probe: exit code and evidence', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const fine = await run(['probe', m1.v1, '--features', '--json'])
    expect(fine.code).toBe(0)
    expect(json(fine.stdout)).toMatchObject({
      ok: true,
      models: ['m-a'],
      features: expect.arrayContaining([
        expect.objectContaining({ feature: 'streaming', works: true }),
        expect.objectContaining({ feature: 'embeddings', works: true }),
      ]),
    })
    const gone = await run(['probe', `http://127.0.0.1:${await deadPort()}/v1`])
    expect([gone.code, gone.stdout]).toEqual([1, expect.stringMatching(/fails at step "models"/)])
  })

  test('discover: a peer is asked and told', async () => {
    const m1 = await upstream({ kind: 'vllm', models: ['m-a'] })
    const { stdout } = await run(['discover', '--peers', `127.0.0.1:${m1.port}`, '--timeout', '1', '--json'])
    expect(json(stdout)).toContainEqual(expect.objectContaining({ port: m1.port, models: ['m-a'] }))
  })

  test('bench: times calls and streams through a gateway', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const gateway = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    const { code, stdout } = await run(['bench', '--url', gateway.url, '--key', KEY, '-n', '4', '--json'])
    expect(code).toBe(0)
    expect(json(stdout)).toMatchObject({
      model: 'm-a',
      ms: { 'whole call': { count: 4 }, 'gateway before the upstream': { count: 4 } },
    })
  })

  test('commands that ask a gateway say so when there is none', async () => {
    const url = `http://127.0.0.1:${await deadPort()}`
    for (const command of [['keys', 'list'], ['usage'], ['bench']]) {
      const { code, stderr } = await run([...command, '--url', url])
      expect([command[0], code, stderr]).toEqual([
        command[0],
        1,
        expect.stringMatching(/no gateway answers.*trunkline serve/s),
      ])
    }
  })
})

describe('setup', () => {
  const FILES: Record<string, string[]> = {
    'claude-code': ['.claude/settings.json'],
    codex: ['.codex/config.toml'],
    'gemini-cli': ['.gemini/.env', '.gemini/settings.json'],
    opencode: ['.config/opencode/opencode.json'],
    continue: ['.continue/config.yaml'],
    aider: ['.aider.conf.yml'],
  }
  const BEFORE: Record<string, string> = {
    '.claude/settings.json': '{ "theme": "dark", "env": { "FOO": "1" } }',
    '.codex/config.toml': 'model = "gpt-5"\napproval_policy = "never"\n\n[tui]\nnotifications = true\n',
    '.gemini/.env': 'FOO=1\n',
    '.gemini/settings.json': '{"ui":{"theme":"x"}}',
    '.config/opencode/opencode.json': '{"theme":"x"}',
    '.continue/config.yaml':
      '# mine\nname: Mine\nmodels:\n  - name: Other\n    provider: ollama\n    model: x\n',
    '.aider.conf.yml': '# mine\ndark-mode: true\n',
  }
  const args = ['--url', 'http://127.0.0.1:4000', '--key', 'sk-me', '--model', 'qwen']

  test.for(Object.keys(FILES))(
    '%s: written into what is there, twice the same, and taken back byte by byte',
    async (client) => {
      const home = testDir()
      const env = { ...CLEAN, HOME: home }
      const paths = (FILES[client] as string[]).map((path) => join(home, path))
      for (const [index, path] of paths.entries()) {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, BEFORE[(FILES[client] as string[])[index] as string] as string)
      }
      expect((await run(['setup', client, ...args], { env })).code).toBe(0)
      const first = paths.map((path) => readFileSync(path, 'utf8'))
      expect(first.join('')).toMatch(/127\.0\.0\.1:4000/)
      expect(first.join('')).toMatch(/qwen/)
      await run(['setup', client, ...args], { env })
      expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(first)
      expect((await run(['setup', client, '--undo'], { env })).code).toBe(0)
      expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(
        (FILES[client] as string[]).map((path) => BEFORE[path]),
      )
    },
  )

  test('what stood in the files is kept, and where there was none, undo leaves none', async () => {
    const home = testDir()
    const env = { ...CLEAN, HOME: home }
    const path = join(home, '.claude/settings.json')
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, BEFORE['.claude/settings.json'] as string)
    await run(['setup', 'claude-code', ...args], { env })
    expect(json(readFileSync(path, 'utf8'))).toEqual({
      theme: 'dark',
      env: {
        FOO: '1',
        ANTHROPIC_BASE_URL: 'http://127.0.0.1:4000',
        ANTHROPIC_AUTH_TOKEN: 'sk-me',
        ANTHROPIC_MODEL: 'qwen',
        ANTHROPIC_DEFAULT_OPUS_MODEL: 'qwen',
        ANTHROPIC_DEFAULT_SONNET_MODEL: 'qwen',
        ANTHROPIC_DEFAULT_HAIKU_MODEL: 'qwen',
        ANTHROPIC_DEFAULT_FABLE_MODEL: 'qwen',
      },
    })
    // Changed by somebody else since: not overwritten unasked.
    writeFileSync(path, '{}')
    expect((await run(['setup', 'claude-code', '--undo'], { env })).code).toBe(1)
    expect(readFileSync(path, 'utf8')).toBe('{}')
    await run(['setup', 'codex', ...args], { env })
    await run(['setup', 'codex', '--undo'], { env })
    expect(existsSync(join(home, '.codex/config.toml'))).toBe(false)
  })

  test('bug: models that a client names by itself are the one that is served', async () => {
    const { stdout } = await run(['setup', 'gemini-cli', '--print', '--json', ...args])
    const [, settings] = (json(stdout) as { files: { text: string }[] }).files
    expect(json(settings?.text ?? '')).toMatchObject({
      security: { auth: { selectedType: 'gemini-api-key' } },
      modelConfigs: {
        customAliases: {
          'gemini-3-flash-base': { extends: 'base', modelConfig: { model: 'qwen' } },
          'summarizer-shell': { extends: 'base', modelConfig: { model: 'qwen' } },
          'chat-compression-default': { extends: 'base', modelConfig: { model: 'qwen' } },
        },
      },
    })
  })

  test('what the gateway knows of a model is told to a client that does not know it', async () => {
    const m1 = await upstream({ models: ['m-a'] })
    const gateway = await up({
      yaml: `${endpoints({ one: [m1.v1, 'm-a'] })}catalog:
  m-a: { context_tokens: 32768, max_output_tokens: 4096 }
`,
    })
    const printed = async (client: string): Promise<string> => {
      const named = ['--url', gateway.url, '--key', KEY, '--model', 'm-a']
      const { stdout } = await run(['setup', client, '--print', '--json', ...named])
      return (json(stdout) as { files: { text: string }[] }).files.map(({ text }) => text).join('')
    }
    expect(await printed('codex')).toMatch(/^model = "m-a"\nmodel_provider.*\nmodel_context_window = 32768$/m)
    expect(json(await printed('opencode'))).toMatchObject({
      provider: {
        trunkline: { models: { 'm-a': { name: 'm-a', limit: { context: 32_768, output: 4_096 } } } },
      },
    })
    expect(json(await printed('claude-code'))).toMatchObject({
      env: { CLAUDE_CODE_MAX_CONTEXT_TOKENS: '32768' },
    })
  })

  test('--print and Open WebUI write nothing; without --model the gateway is asked', async () => {
    const home = testDir()
    const env = { ...CLEAN, HOME: home }
    const printed = await run(['setup', 'codex', '--print', ...args], { env })
    expect(printed.stdout).toMatch(/\[model_providers\.trunkline\]/)
    expect(existsSync(join(home, '.codex'))).toBe(false)
    const web = await run(['setup', 'openwebui', ...args], { env })
    expect(web.stdout).toMatch(/OPENAI_API_BASE_URL=http:\/\/host\.docker\.internal:4000\/v1/)
    const m1 = await upstream({ models: ['m-a'] })
    const gateway = await up({ yaml: endpoints({ one: [m1.v1, 'm-a'] }) })
    const asked = await run(['setup', 'aider', '--print', '--url', gateway.url, '--key', KEY], { env })
    expect(parse(asked.stdout.replace(/^export.*|^start.*/gm, ''))).toMatchObject({ model: 'openai/m-a' })
    const broken = await run(['setup', 'claude-code', ...args], { env: { ...env, HOME: home }, files: {} })
    expect(broken.code).toBe(0)
    writeFileSync(join(home, '.claude/settings.json'), '{ // a comment\n}')
    const refused = await run(['setup', 'claude-code', ...args], { env })
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/not plain JSON.*--print/)])
  })
})
