// `trunkline config import`: a LiteLLM, Portkey or Bifrost configuration, or an environment, as trunkline.yaml, with a
// verdict for every line of it. Keys that are written out do not move: they become variables to set.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import {
  IMPORT_KINDS,
  type ImportKind,
  type Judgement,
  importConfig,
  importedYaml,
} from '../config/importers/index.ts'
import { complain, failed, paint, say, sayJson, table } from './terminal.ts'

interface ImportOptions {
  from?: ImportKind
  output: string
  print?: boolean
  force?: boolean
  json?: boolean
}

export function importCommand(): Command {
  return new Command('import')
    .description(
      'take over the configuration of LiteLLM, Portkey, Bifrost or an environment, with a verdict per line',
    )
    .argument('<file>', 'the file to read')
    .addOption(
      new Option('--from <kind>', 'what it is (default: told by what it holds)').choices(IMPORT_KINDS),
    )
    .option('-o, --output <file>', 'where to write', 'trunkline.yaml')
    .option('--print', 'print it instead of writing it')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON object: the file, the verdicts, the variables to set')
    .action(takeOver)
}

const MARKS: Readonly<Record<Judgement, (text: string) => string>> = {
  exact: paint.green,
  approximate: paint.yellow,
  not_supported: paint.red,
}

function takeOver(file: string, options: ImportOptions): void {
  try {
    const imported = importConfig(readFileSync(file, 'utf8'), options.from)
    const yaml = importedYaml(imported)
    if (options.json === true)
      return sayJson({ kind: imported.kind, yaml, verdicts: imported.verdicts, secrets: imported.secrets })
    if (options.print === true) return say(yaml.trimEnd())
    const path = join(process.cwd(), options.output)
    if (existsSync(path) && options.force !== true)
      throw new Error(`${options.output} exists; --force overwrites it, --print shows what would be written`)
    const rows = imported.verdicts.map(({ line, path: where, judgement, to, why }) => [
      line === undefined ? '' : String(line),
      where,
      MARKS[judgement](judgement.replace('_', ' ')),
      [to, why].filter((text) => text !== undefined).join('; '),
    ])
    say(table(['line', 'from', 'verdict', 'to'], rows))
    writeFileSync(path, yaml, { mode: 0o640 })
    const lost = imported.verdicts.filter(({ judgement }) => judgement === 'not_supported').length
    say(
      `\nwrote ${options.output}: ${Object.keys(imported.file.endpoints).length} endpoints, ${Object.keys(imported.file.routes).length} routes; ${imported.verdicts.length} lines, ${lost} not supported`,
    )
    for (const { variable, foundAt } of imported.secrets)
      complain(paint.yellow(`set ${variable} (its value stands at ${foundAt})`))
    say('next: trunkline config check && trunkline serve')
  } catch (thrown) {
    failed(thrown)
  }
}
