// What `serve` prints when it is up: what it serves, where, and a line to paste.

import type { Config } from '../config/config.ts'

export interface Greeting {
  version: string
  url: string
  config: Config
  /** Key variables that are set but not used. */
  unused: string[]
}

export function greeting({ version, url, config, unused }: Greeting): string {
  const lines = [`Trunkline ${version}: startup complete, listening on ${url}`, '']
  if (config.endpoints.length === 0)
    lines.push('No endpoints: add some to trunkline.yaml, or start with --demo or --env-keys.')
  else {
    lines.push('Endpoints:')
    for (const endpoint of config.endpoints) {
      const names = endpoint.models.map((model) => model.name)
      const shown =
        names.length > 6 ? `${names.slice(0, 6).join(', ')} and ${names.length - 6} more` : names.join(', ')
      lines.push(`  ${endpoint.id} [${endpoint.source}] ${endpoint.baseUrl}  ${shown || 'any model'}`)
    }
  }
  const model = config.defaultModel ?? config.routes[0]?.name
  if (model !== undefined) {
    const key = config.server.masterKey ? ' -H "Authorization: Bearer $TRUNKLINE_MASTER_KEY"' : ''
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] })
    lines.push('', 'Try it:', `  curl ${url}/v1/chat/completions${key} -d '${body}'`)
  }
  if (!config.server.masterKey)
    lines.push('', 'No master key is set: whoever reaches this address may use it.')
  if (unused.length > 0)
    lines.push(
      '',
      `Seen but not used: ${unused.join(', ')}. Start with --env-keys to make endpoints of them.`,
    )
  return `${lines.join('\n')}\n`
}
