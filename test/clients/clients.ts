// The coding clients: where they come from, how they are started without a terminal, and what keeps them from asking
// anybody but the gateway. Their configuration is what `trunkline setup` writes.

import { join } from 'node:path'
import type { JsonObject } from '../../src/core/json.ts'
import { PROMPT } from './agent.ts'

export interface Client {
  /** As `trunkline setup` calls it. */
  name: string
  title: string
  /** npm package and the version that is run. */
  package: string
  version: string
  /** Started below `node_modules`; `.js` by Node. The platform's own binary, so that no install script is needed. */
  program: string
  args: readonly string[]
  /** Beside what `trunkline setup` writes: what makes it ask for reasoning from a model that it does not know. */
  reasoning?: { path: string; members(model: string): JsonObject }
  env: Readonly<Record<string, string>>
}

const PLATFORM = `${process.platform}-${process.arch}`

export const CLIENTS: readonly Client[] = [
  {
    name: 'claude-code',
    title: 'Claude Code',
    package: '@anthropic-ai/claude-code',
    version: '2.1.332',
    program: `@anthropic-ai/claude-code-${PLATFORM}/claude`,
    args: ['-p', PROMPT, '--allowedTools', 'Bash(cat:*)'],
    env: {
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      DISABLE_TELEMETRY: '1',
      DISABLE_ERROR_REPORTING: '1',
    },
  },
  {
    name: 'codex',
    title: 'Codex',
    package: '@openai/codex',
    version: '0.171.0',
    program: '@openai/codex/bin/codex.js',
    args: [
      'exec',
      '--skip-git-repo-check',
      // Its sandbox needs more of the kernel than a container has.
      '--dangerously-bypass-approvals-and-sandbox',
      '-c',
      'check_for_update_on_startup=false',
      '-c',
      'analytics.enabled=false',
      '-c',
      'model_reasoning_effort="high"',
      '-c',
      'model_supports_reasoning_summaries=true',
      PROMPT,
    ],
    env: {},
  },
  {
    name: 'gemini-cli',
    title: 'Gemini CLI',
    package: '@google/gemini-cli',
    version: '0.61.0',
    program: '@google/gemini-cli/bundle/gemini.js',
    args: ['-p', PROMPT, '--approval-mode', 'yolo', '--skip-trust'],
    reasoning: {
      path: '.gemini/settings.json',
      members: (model) => ({
        privacy: { usageStatisticsEnabled: false },
        modelConfigs: {
          customOverrides: [
            {
              match: { model },
              modelConfig: {
                generateContentConfig: { thinkingConfig: { includeThoughts: true, thinkingBudget: 4096 } },
              },
            },
          ],
        },
      }),
    },
    env: { GEMINI_TELEMETRY_ENABLED: 'false', GEMINI_CLI_NO_RELAUNCH: 'true' },
  },
  {
    name: 'opencode',
    title: 'OpenCode',
    package: 'opencode-ai',
    version: '1.18.33',
    program: join(`opencode-${PLATFORM}`, 'bin/opencode'),
    args: ['run', PROMPT],
    reasoning: {
      path: '.config/opencode/opencode.json',
      members: (model) => ({
        provider: {
          trunkline: { models: { [model]: { reasoning: true, options: { reasoningEffort: 'high' } } } },
        },
      }),
    },
    env: {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_DISABLE_SHARE: '1',
    },
  },
]
