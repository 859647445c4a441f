// Access of an endpoint that is more than one secret: AWS keys and profiles, Entra client credentials,
// Google service accounts. What the entry
// leaves out is taken from the variables that the vendors' own tools read.

import { z } from 'zod'
import { Secret } from '../core/secret.ts'
import { googleFile } from '../providers/auth/google.ts'
import { vertexBase } from '../providers/clouds/vertex.ts'
import type { AwsAccess, CloudAccess, EntraAccess, GoogleAccess } from '../providers/endpoint.ts'
import type { ProviderRecord } from '../providers/provider.ts'
import { type SecretDeps, notEmpty, secretVariable } from './secret-env.ts'

const text = z.string().nullish()

/** Keys of an endpoint entry, merged into its schema. */
export const cloudAccessKeys = {
  region: text,
  profile: text,
  access_key_id: text,
  access_key_id_env: z.string().optional(),
  secret_access_key: text,
  secret_access_key_env: z.string().optional(),
  secret_access_key_file: z.string().optional(),
  session_token: text,
  session_token_env: z.string().optional(),
  tenant_id: text,
  client_id: text,
  client_secret: text,
  client_secret_env: z.string().optional(),
  client_secret_file: z.string().optional(),
  token_scope: text,
  token_authority: text,
  project: text,
  location: text,
  credentials: text,
  credentials_env: z.string().optional(),
  credentials_file: z.string().optional(),
}

export type CloudAccessEntry = Partial<z.infer<z.ZodObject<typeof cloudAccessKeys>>>

export interface AccessDeps extends SecretDeps {
  /** A named variable is not set: told, and the endpoint goes without it. */
  warn(message: string): void
}

/** Undefined where the provider knows no such access, or nothing is said of it. @throws Error that names the key. */
export function cloudAccess(
  record: ProviderRecord,
  entry: CloudAccessEntry,
  deps: AccessDeps,
): CloudAccess | undefined {
  if (record.auth.type === 'aws') return awsAccess(entry, deps)
  if (record.google) return googleAccess(entry, deps)
  return record.entra === undefined ? undefined : entraAccess(record.entra.scope, entry, deps)
}

function awsAccess(entry: CloudAccessEntry, deps: AccessDeps): AwsAccess | undefined {
  const { env } = deps
  const region = given(entry.region) ?? notEmpty(env.AWS_REGION) ?? notEmpty(env.AWS_DEFAULT_REGION)
  if (region === undefined) return undefined
  const id = secretOf(entry, 'access_key_id', deps)
  const secret = secretOf(entry, 'secret_access_key', deps)
  const named = entry.access_key_id_env !== undefined || entry.secret_access_key_env !== undefined
  if ((id === undefined) !== (secret === undefined) && !named)
    throw new Error('access_key_id and secret_access_key go together: one of them is missing')
  const home = notEmpty(env.HOME) ?? notEmpty(env.USERPROFILE)
  const files = [
    notEmpty(env.AWS_SHARED_CREDENTIALS_FILE) ??
      (home === undefined ? undefined : `${home}/.aws/credentials`),
    notEmpty(env.AWS_CONFIG_FILE) ?? (home === undefined ? undefined : `${home}/.aws/config`),
  ].filter((file) => file !== undefined)
  const access: AwsAccess = { type: 'aws', region, files }
  const keys = (key: string, password: string, token: string | undefined): AwsAccess => ({
    ...access,
    accessKeyId: key,
    secretAccessKey: new Secret(password),
    ...(token === undefined ? {} : { sessionToken: new Secret(token) }),
  })
  if (id !== undefined && secret !== undefined)
    return keys(id, secret, secretOf(entry, 'session_token', deps))
  // Keys that were named and are not there: nobody else's stand in for them.
  if (named) return { ...access, files: [] }
  const profile = given(entry.profile)
  if (profile !== undefined) return { ...access, profile }
  const fromEnv = [notEmpty(env.AWS_ACCESS_KEY_ID), notEmpty(env.AWS_SECRET_ACCESS_KEY)] as const
  if (fromEnv[0] !== undefined && fromEnv[1] !== undefined)
    return keys(fromEnv[0], fromEnv[1], notEmpty(env.AWS_SESSION_TOKEN))
  const chosen = notEmpty(env.AWS_PROFILE)
  return chosen === undefined ? access : { ...access, profile: chosen }
}

function entraAccess(scope: string, entry: CloudAccessEntry, deps: AccessDeps): EntraAccess | undefined {
  const { env } = deps
  const tenant = given(entry.tenant_id)
  const clientId = given(entry.client_id)
  const secret = secretOf(entry, 'client_secret', deps)
  // Variables stand in for what is left out, but never make an endpoint use Entra on their own.
  if (tenant === undefined && clientId === undefined && secret === undefined) return undefined
  const whole = {
    tenant: tenant ?? notEmpty(env.AZURE_TENANT_ID),
    clientId: clientId ?? notEmpty(env.AZURE_CLIENT_ID),
    secret: secret ?? secretVariable('AZURE_CLIENT_SECRET', deps),
  }
  if (whole.tenant === undefined || whole.clientId === undefined || whole.secret === undefined) {
    if (entry.client_secret_env !== undefined && whole.tenant !== undefined && whole.clientId !== undefined)
      return undefined
    throw new Error('Entra needs tenant_id, client_id and client_secret: one of them is missing')
  }
  return {
    type: 'entra',
    tenant: whole.tenant,
    clientId: whole.clientId,
    clientSecret: new Secret(whole.secret),
    scope: given(entry.token_scope) ?? scope,
    authority: (given(entry.token_authority) ?? 'https://login.microsoftonline.com').replace(/\/+$/, ''),
  }
}

/**
 * Application default credentials: what the entry names, else the file that GOOGLE_APPLICATION_CREDENTIALS names, else
 * gcloud's own. An entry with a key of its own uses none of them.
 */
function googleAccess(entry: CloudAccessEntry, deps: AccessDeps): GoogleAccess | undefined {
  const text = secretOf(entry, 'credentials', deps) ?? defaultCredentials(deps)
  if (text === undefined) return undefined
  const { credential, quotaProject } = googleFile(text)
  return { type: 'google', credential, ...(quotaProject === undefined ? {} : { quotaProject }) }
}

function defaultCredentials({ env, readFile }: SecretDeps): string | undefined {
  const named = notEmpty(env.GOOGLE_APPLICATION_CREDENTIALS)
  if (named !== undefined) {
    try {
      return readFile(named)
    } catch (cause) {
      throw new Error(`GOOGLE_APPLICATION_CREDENTIALS names "${named}", which cannot be read`, { cause })
    }
  }
  const home = notEmpty(env.HOME) ?? notEmpty(env.USERPROFILE)
  if (home === undefined) return undefined
  try {
    return readFile(`${home}/.config/gcloud/application_default_credentials.json`)
  } catch {
    // Nobody logged in on this machine.
    return undefined
  }
}

/** Base URL of a publisher's models; undefined where no project is named: then only express mode is left. */
export function googleBase(
  record: ProviderRecord,
  entry: CloudAccessEntry,
  { env }: SecretDeps,
): string | undefined {
  if (!record.google) return undefined
  const project = given(entry.project) ?? notEmpty(env.GOOGLE_CLOUD_PROJECT)
  if (project === undefined) return undefined
  const location = given(entry.location) ?? notEmpty(env.GOOGLE_CLOUD_LOCATION) ?? 'global'
  if (!/^[a-z0-9-]+$/.test(location)) throw new Error(`location "${location}" is not the name of one`)
  return vertexBase(project, location, record.google.publisher)
}

const given = (value: string | null | undefined): string | undefined => notEmpty(value?.trim() ?? '')

/** A secret by value, by the name of a variable, or by file. */
function secretOf(
  entry: CloudAccessEntry,
  name: 'access_key_id' | 'secret_access_key' | 'session_token' | 'client_secret' | 'credentials',
  deps: AccessDeps,
): string | undefined {
  const file =
    name === 'secret_access_key' || name === 'client_secret' || name === 'credentials'
      ? entry[`${name}_file`]
      : undefined
  if (file !== undefined) {
    try {
      return notEmpty(deps.readFile(file).trim())
    } catch (cause) {
      throw new Error(`${name}_file "${file}" cannot be read`, { cause })
    }
  }
  const variable = entry[`${name}_env`]
  if (variable === undefined) return given(entry[name])
  const value = secretVariable(variable, deps)
  if (value === undefined) deps.warn(`${name}_env names ${variable}, which is not set`)
  return value
}
