// Which hosts are called through a proxy: those of other people, unless NO_PROXY excepts them. Pure.

import { isLocalName } from './url-rules.ts'

/** @param none hosts and domains, comma separated, as in NO_PROXY; `*` is everybody. */
export function goesThroughProxy(host: string, none: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (isLocalName(name)) return false
  return !none
    .split(',')
    .map((item) => item.trim().toLowerCase().replace(/:\d+$/, ''))
    .some((item) => item === '*' || (item !== '' && `.${name}`.endsWith(`.${item.replace(/^\*?\./, '')}`)))
}
