// A line to paste for each client. No key ever stands in one: `<your key>` does.

export interface SnippetFacts {
  /** Root of the gateway, without a path. */
  url: string
  model: string
  /** Whether a key has to be given. */
  key: boolean
}

export interface Snippet {
  client: string
  title: string
  language: string
  text: string
}

export function snippets({ url, model, key }: SnippetFacts): Snippet[] {
  const secret = key ? '<your key>' : 'none'
  const header = key ? ` \\\n  -H "Authorization: Bearer <your key>"` : ''
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] })
  const quoted = JSON.stringify(model)
  const row = (client: string, title: string, language: string, lines: string[]): Snippet => ({
    client,
    title,
    language,
    text: lines.join('\n'),
  })
  return [
    row('curl', 'curl', 'sh', [
      `curl ${url}/v1/chat/completions${header} \\\n  -H "content-type: application/json" \\\n  -d '${body.replaceAll("'", "'\\''")}'`,
    ]),
    row('openai-js', 'OpenAI SDK (JavaScript)', 'ts', [
      `import OpenAI from 'openai'`,
      '',
      `const client = new OpenAI({ baseURL: '${url}/v1', apiKey: '${secret}' })`,
      `const reply = await client.chat.completions.create({`,
      `  model: ${quoted},`,
      `  messages: [{ role: 'user', content: 'Hello!' }],`,
      `})`,
      `console.log(reply.choices[0].message.content)`,
    ]),
    row('openai-python', 'OpenAI SDK (Python)', 'python', [
      `from openai import OpenAI`,
      '',
      `client = OpenAI(base_url="${url}/v1", api_key="${secret}")`,
      `reply = client.chat.completions.create(`,
      `    model=${quoted},`,
      `    messages=[{"role": "user", "content": "Hello!"}],`,
      `)`,
      `print(reply.choices[0].message.content)`,
    ]),
    row('claude-code', 'Claude Code', 'sh', [
      `ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN="${secret}" ANTHROPIC_MODEL=${shell(model)} claude`,
    ]),
    row('codex', 'Codex', 'toml', [
      `# ~/.codex/config.toml`,
      `model = ${quoted}`,
      `model_provider = "trunkline"`,
      '',
      `[model_providers.trunkline]`,
      `name = "Trunkline"`,
      `base_url = "${url}/v1"`,
      `env_key = "TRUNKLINE_API_KEY"`,
    ]),
    row('opencode', 'OpenCode', 'json', [
      JSON.stringify(
        {
          provider: {
            trunkline: {
              npm: '@ai-sdk/openai-compatible',
              name: 'Trunkline',
              options: { baseURL: `${url}/v1`, apiKey: secret },
              models: { [model]: { name: model } },
            },
          },
        },
        null,
        2,
      ),
    ]),
    row('open-webui', 'Open WebUI', 'sh', [
      `docker run -d -p 3000:8080 --add-host=host.docker.internal:host-gateway \\`,
      `  -e OPENAI_API_BASE_URL=${url.replace(/\/\/(127\.0\.0\.1|localhost)/, '//host.docker.internal')}/v1 \\`,
      `  -e OPENAI_API_KEY="${secret}" ghcr.io/open-webui/open-webui:main`,
    ]),
    row('langchain', 'LangChain', 'python', [
      `from langchain_openai import ChatOpenAI`,
      '',
      `llm = ChatOpenAI(base_url="${url}/v1", api_key="${secret}", model=${quoted})`,
      `print(llm.invoke("Hello!").content)`,
    ]),
  ]
}

function shell(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
