// One model of the catalogue as a line of text, both ways: lines are a third of what JSON takes, and only those asked for
// are ever read. Fields are set apart by `|`; an empty one is unknown.

import type { Price, PriceTier } from '../core/price.ts'
import type { Modality, ModelEntry } from './entry.ts'

const LETTERS: Readonly<Record<string, Modality>> = {
  t: 'text',
  i: 'image',
  d: 'document',
  a: 'audio',
  v: 'video',
}
const RATES = [
  'input',
  'output',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'reasoning',
  'audioInput',
  'audioOutput',
] as const
/** A capital says yes, a small letter no. */
const FLAGS = { t: 'tools', r: 'reasoning', j: 'jsonSchema', s: 'sampling' } as const

/** @param asOf the day the prices were taken down. */
export function readRow(line: string, asOf: string): ModelEntry {
  const [
    ,
    context,
    output,
    inputs = '',
    outputs = '',
    flags = '',
    efforts = '',
    released = '',
    rates = '',
    tiers = '',
  ] = line.split('|')
  const entry: ModelEntry = {}
  if (context) entry.contextTokens = Number(context)
  if (output) entry.maxOutputTokens = Number(output)
  if (inputs !== '') entry.input = modalities(inputs)
  if (outputs !== '') entry.output = modalities(outputs)
  for (const flag of flags) {
    const name = FLAGS[flag.toLowerCase() as keyof typeof FLAGS]
    if (name !== undefined) entry[name] = flag !== flag.toLowerCase()
  }
  if (efforts !== '') entry.efforts = efforts.split(',')
  if (released !== '') entry.released = released
  if (rates !== '') {
    const price: Price = { asOf, ...ratesOf(rates) }
    if (tiers !== '') price.tiers = tiers.split(';').map(tierOf)
    entry.price = price
  }
  return entry
}

export function writeRow(name: string, entry: ModelEntry): string {
  const flags = Object.entries(FLAGS).map(([flag, key]) =>
    entry[key] === undefined ? '' : entry[key] ? flag.toUpperCase() : flag,
  )
  const { price } = entry
  return [
    name,
    entry.contextTokens ?? '',
    entry.maxOutputTokens ?? '',
    letters(entry.input),
    letters(entry.output),
    flags.join(''),
    entry.efforts?.join(',') ?? '',
    entry.released ?? '',
    price ? rateText(price) : '',
    price?.tiers?.map((tier) => `${tier.above}:${rateText(tier)}`).join(';') ?? '',
  ]
    .join('|')
    .replace(/\|+$/, '')
}

function modalities(text: string): Modality[] {
  return Array.from(text).flatMap((letter) => LETTERS[letter] ?? [])
}

function letters(list: readonly Modality[] | undefined): string {
  return (list ?? []).map((name) => Object.keys(LETTERS).find((letter) => LETTERS[letter] === name)).join('')
}

function ratesOf(text: string): Partial<Record<(typeof RATES)[number], number>> {
  return Object.fromEntries(
    text.split(',').flatMap((rate, index) => (rate === '' ? [] : [[RATES[index] as string, Number(rate)]])),
  )
}

function rateText(price: Omit<Price, 'asOf'>): string {
  return RATES.map((name) => price[name] ?? '')
    .join(',')
    .replace(/,+$/, '')
}

function tierOf(text: string): PriceTier {
  const colon = text.indexOf(':')
  return { above: Number(text.slice(0, colon)), ...ratesOf(text.slice(colon + 1)) }
}
