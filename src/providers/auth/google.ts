// Google's credentials as values: what an operator's text is (a service account, a user's refresh token, the metadata
// server), and the request that turns it into an access token. Nothing is sent here.

import { Secret } from '../../core/secret.ts'
import { type JsonObject, asString, isObject } from '../../core/json.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const TOKEN_URI = 'https://oauth2.googleapis.com/token'
const METADATA = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token'
/** Longest life of an assertion. */
const LIFE_S = 3_600

export type GoogleCredential =
  | {
      type: 'service_account'
      email: string
      keyId: string | undefined
      privateKey: Secret
      tokenUri: string
    }
  | { type: 'user'; clientId: string; clientSecret: Secret; refreshToken: Secret; tokenUri: string }
  | { type: 'metadata' }

/** What a credentials file says, beside who it is. */
export interface GoogleFile {
  credential: GoogleCredential
  /** The service account's own project. */
  project?: string
  /** Whose quota a user's calls count against. */
  quotaProject?: string
}

/**
 * What the text of a credential is: a credentials file of Google's, or the word `metadata` for the metadata server of the
 * machine. @throws Error that says what is wrong with it.
 */
export function googleFile(text: string): GoogleFile {
  const trimmed = text.trim()
  if (trimmed === 'metadata') return { credential: { type: 'metadata' } }
  let file: unknown
  try {
    file = JSON.parse(trimmed)
  } catch (cause) {
    throw new Error('the Google credentials file is not valid JSON', { cause })
  }
  if (!isObject(file)) throw new Error('the Google credentials file holds no object')
  const tokenUri = asString(file.token_uri) ?? TOKEN_URI
  const quotaProject = asString(file.quota_project_id)
  const project = asString(file.project_id)
  const also = {
    ...(project === undefined ? {} : { project }),
    ...(quotaProject === undefined ? {} : { quotaProject }),
  }
  if (file.type === 'service_account')
    return {
      credential: {
        type: 'service_account',
        email: member(file, 'client_email'),
        keyId: asString(file.private_key_id),
        // Keys that went through an environment variable hold their line ends as two characters.
        privateKey: new Secret(member(file, 'private_key').replaceAll('\\n', '\n')),
        tokenUri,
      },
      ...also,
    }
  if (file.type === 'authorized_user')
    return {
      credential: {
        type: 'user',
        clientId: member(file, 'client_id'),
        clientSecret: new Secret(member(file, 'client_secret')),
        refreshToken: new Secret(member(file, 'refresh_token')),
        tokenUri,
      },
      ...also,
    }
  throw new Error(
    `Google credentials of type "${asString(file.type) ?? ''}" are not supported (known: service_account, authorized_user)`,
  )
}

function member(file: JsonObject, name: string): string {
  const value = file[name]
  if (typeof value !== 'string' || value === '') throw new Error(`the Google credentials file has no ${name}`)
  return value
}

export interface TokenRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
}

/** The request that yields a token. @param nowS Unix seconds */
export async function tokenRequest(credential: GoogleCredential, nowS: number): Promise<TokenRequest> {
  if (credential.type === 'metadata')
    return { method: 'GET', url: METADATA, headers: { 'metadata-flavor': 'Google' } }
  const fields: Record<string, string> =
    credential.type === 'user'
      ? {
          grant_type: 'refresh_token',
          client_id: credential.clientId,
          client_secret: credential.clientSecret.reveal(),
          refresh_token: credential.refreshToken.reveal(),
        }
      : {
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: await assertion(credential, nowS),
        }
  return {
    method: 'POST',
    url: credential.tokenUri,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
  }
}

async function assertion(
  account: Extract<GoogleCredential, { type: 'service_account' }>,
  nowS: number,
): Promise<string> {
  const { SignJWT, importPKCS8 } = await import('jose')
  const key = await importPKCS8(account.privateKey.reveal(), 'RS256')
  return new SignJWT({ scope: SCOPE })
    .setProtectedHeader({
      alg: 'RS256',
      typ: 'JWT',
      ...(account.keyId === undefined ? {} : { kid: account.keyId }),
    })
    .setIssuer(account.email)
    .setAudience(account.tokenUri)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + LIFE_S)
    .sign(key)
}
