// `trunkline completion` and `trunkline man`: made of the commands themselves, so they cannot be out of date.

import { Argument, Command, type Option } from 'commander'
import { say } from './terminal.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** The whole program, every command loaded. */
type Whole = () => Promise<Command>

export function completionCommand(whole: Whole): Command {
  return new Command('completion')
    .description('print a completion script: source <(trunkline completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action(async (shell: Shell) => say(completion(shell, await whole())))
}

export function manCommand(whole: Whole): Command {
  return new Command('man')
    .description('print the manual page: trunkline man | man -l -')
    .action(async () => say(manPage(await whole())))
}

interface Spelling {
  /** `config check`; "" is the program itself. */
  path: string
  command: Command
}

export function everyCommand(root: Command): Spelling[] {
  const below = (command: Command, path: string): Spelling[] => [
    { path, command },
    ...command.commands.flatMap((child) =>
      below(child, path === '' ? child.name() : `${path} ${child.name()}`),
    ),
  ]
  return below(root, '')
}

function wordsOf({ command }: Spelling): string[] {
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  return [
    ...command.commands.map((child) => child.name()),
    ...choices,
    ...command.options.map((option) => option.long ?? option.short ?? ''),
    '--help',
  ].filter((word) => word !== '')
}

export function completion(shell: Shell, root: Command): string {
  const rows = everyCommand(root)
  if (shell === 'fish') {
    const lines = rows.flatMap(({ path, command }) => {
      const words = path === '' ? [] : path.split(' ')
      const when =
        path === ''
          ? '__fish_use_subcommand'
          : words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ')
      return [
        ...command.commands.map(
          (child) =>
            `complete -c trunkline -f -n '${when}' -a ${child.name()} -d ${fishText(child.description())}`,
        ),
        ...command.registeredArguments
          .filter(({ argChoices }) => argChoices !== undefined)
          .map(({ argChoices }) => `complete -c trunkline -f -n '${when}' -a '${argChoices?.join(' ')}'`),
        ...command.options
          .filter(({ long }) => long !== undefined)
          .map(
            ({ long, description }) =>
              `complete -c trunkline -n '${when}' -l ${long?.slice(2)} -d ${fishText(description)}`,
          ),
      ]
    })
    return lines.join('\n')
  }
  const cases = rows.map((row) => `    "${row.path}") words="${wordsOf(row).join(' ')}" ;;`).join('\n')
  const body = `_trunkline() {
  local path="" words="" word
  local at=1
  while [ "$at" -lt "$COMP_CWORD" ]; do
    word="\${COMP_WORDS[$at]}"
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
    at=$((at + 1))
  done
  while :; do
    case "$path" in
${cases.replaceAll(/^ {4}/gm, '    ')}
    esac
    [ -n "$words" ] || [ -z "$path" ] && break
    case "$path" in *" "*) path="\${path% *}" ;; *) path="" ;; esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[$COMP_CWORD]}"))
}
complete -F _trunkline trunkline`
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${body}` : body
}

function fishText(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}

/** One page in man's own format. */
export function manPage(root: Command): string {
  const lines = [
    '.TH TRUNKLINE 1 "" "trunkline" "User Commands"',
    '.SH NAME',
    'trunkline \\- one line to every model',
    '.SH SYNOPSIS',
    '.B trunkline',
    '\\fIcommand\\fR [\\fIoptions\\fR]',
    '.SH DESCRIPTION',
    roff(root.description()),
    'Exit status is 0 when a command did what it was asked, 1 when it did not.',
    '.SH COMMANDS',
  ]
  for (const { path, command } of everyCommand(root)) {
    if (path === '') continue
    const args = command.registeredArguments.map((argument) =>
      argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
    )
    lines.push('.SS', roff(['trunkline', path, ...args].join(' ')), roff(command.description()))
    for (const option of command.options)
      lines.push('.TP', `\\fB${roff(option.flags)}\\fR`, roff(meaningOf(option)))
  }
  lines.push(
    '.SH ENVIRONMENT',
    ...[
      'TRUNKLINE_URL',
      'address of the gateway that commands ask',
      'TRUNKLINE_MASTER_KEY',
      'the key they present',
      'TRUNKLINE_CONFIG',
      'configuration file',
      'NO_COLOR',
      'no colours',
    ].map((text, index) => (index % 2 === 0 ? `.TP\n.B ${text}` : text)),
    '.SH FILES',
    'trunkline.yaml, config.yaml, config/llm.yaml, .env',
  )
  return lines.join('\n')
}

/** What an option does and what holds without it. Defaults taken from this machine's environment are not told. */
function meaningOf({ description, defaultValue, argChoices }: Option): string {
  const shown =
    typeof defaultValue === 'string' || typeof defaultValue === 'number' ? ` Default: ${defaultValue}.` : ''
  const choices = argChoices ? ` One of: ${argChoices.join(', ')}.` : ''
  return `${description}.${choices}${shown}`
}

function roff(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1')
}
