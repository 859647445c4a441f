// Where AWS keys come from: written down for the endpoint, or a profile of the shared credentials file, read again when
// the file changes (tools that renew session credentials rewrite it).

import { readFile, stat } from 'node:fs/promises'
import { GatewayError } from '../core/error.ts'
import type { AwsAccess } from '../providers/endpoint.ts'

export interface AwsKeys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** @throws GatewayError `upstream_auth` that names what is missing and where it was looked for. */
export function awsKeys(access: AwsAccess, endpoint: string): () => Promise<AwsKeys> {
  const { accessKeyId, secretAccessKey, sessionToken } = access
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const keys: AwsKeys = {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    }
    return () => Promise.resolve(keys)
  }
  const profile = access.profile ?? 'default'
  let known: { stamp: string; keys: AwsKeys } | undefined
  return async () => {
    const looked: string[] = []
    for (const file of access.files) {
      looked.push(file)
      const stamp = await stampOf(file)
      if (stamp === undefined) continue
      if (known?.stamp === stamp) return known.keys
      const keys = profileKeys(await readFile(file, 'utf8'), profile)
      if (!keys) continue
      known = { stamp, keys }
      return keys
    }
    throw new GatewayError(
      'upstream_auth',
      `endpoint "${endpoint}" has no AWS credentials: give access_key_id and secret_access_key, or profile "${profile}" in ${looked.join(' or ') || 'a credentials file'}, or an api_key`,
      { endpoint, phase: 'connect' },
    )
  }
}

async function stampOf(file: string): Promise<string | undefined> {
  try {
    const { mtimeMs, size } = await stat(file)
    return `${file} ${mtimeMs} ${size}`
  } catch {
    // No such file is the usual case: the next place is looked at.
    return undefined
  }
}

/** The keys of `[name]` or `[profile name]` in the INI form of AWS's tools; undefined when it has none. */
export function profileKeys(text: string, profile: string): AwsKeys | undefined {
  const found: Record<string, string> = {}
  let inside = false
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(?:profile\s+)?([^\]]+?)\s*\]/.exec(line)
    if (section) {
      inside = section[1] === profile
      continue
    }
    const pair = inside ? /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(line) : null
    if (pair) found[(pair[1] as string).toLowerCase()] = pair[2] as string
  }
  const { aws_access_key_id: accessKeyId, aws_secret_access_key: secretAccessKey } = found
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  const { aws_session_token: sessionToken } = found
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}
