// Every YAML example of the guides loads without an error or a warning.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { routeTable } from '../src/gateway/route-table.ts'

const GUIDES = ['routing.md']
const ENV = { GROQ_API_KEY: 'k', GROQ_KEY_A: 'a', GROQ_KEY_B: 'b' }

for (const guide of GUIDES) {
  const text = readFileSync(join(import.meta.dirname, '../docs', guide), 'utf8')
  const examples = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] as string)
  describe(guide, () => {
    test.for(examples.map((yaml, index) => [index + 1, yaml] as const))('example %i', ([, yaml]) => {
      const dir = mkdtempSync(join(tmpdir(), 'trunkline-docs-'))
      try {
        writeFileSync(join(dir, 'trunkline.yaml'), yaml)
        const config = loadConfig({ cwd: dir, env: ENV, strict: true })
        expect(config.problems).toEqual([])
        const table = routeTable(config)
        for (const { name } of config.routes) expect(table.match(name).deployments.length).toBeGreaterThan(0)
      } finally {
        rmSync(dir, { recursive: true, force: true })
      }
    })
  })
}
