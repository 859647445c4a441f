import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CloudAccess } from '../providers/endpoint.ts'
import { loadConfig } from './load.ts'

function load(entry: string, env: Record<string, string> = {}): ReturnType<typeof loadConfig> {
  const cwd = mkdtempSync(join(tmpdir(), 'trunkline-access-'))
  writeFileSync(join(cwd, 'trunkline.yaml'), `endpoints:\n  e: { ${entry}, models: [m] }\n`)
  return loadConfig({ cwd, env })
}
const access = (entry: string, env?: Record<string, string>): CloudAccess | undefined =>
  load(entry, env).endpoints[0]?.access

const AWS = 'provider: bedrock, region: eu-west-1'
const ENV = { AWS_ACCESS_KEY_ID: 'E', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 't' }

test('A-072 the address of Bedrock follows from its region, written or from the environment', () => {
  expect(load(AWS).endpoints[0]?.baseUrl).toBe('https://bedrock-runtime.eu-west-1.amazonaws.com')
  expect(load('provider: bedrock-mantle', { AWS_DEFAULT_REGION: 'us-west-2' }).endpoints[0]?.baseUrl).toBe(
    'https://bedrock-mantle.us-west-2.api.aws/v1',
  )
  expect(() => load('provider: bedrock')).toThrow(/needs a region \(or AWS_REGION/)
  expect(() => load('provider: bedrock, region: "x/../y"')).toThrow(/not the name of one/)
})

test('keys of the entry, then its profile, then the variables, then the profile they name', () => {
  expect(access(`${AWS}, access_key_id: A, secret_access_key_env: S`, { ...ENV, S: 'x' })).toMatchObject({
    accessKeyId: 'A',
  })
  expect(access(`${AWS}, profile: work`, ENV)).toMatchObject({ profile: 'work' })
  expect(access(`${AWS}, profile: work`, ENV)).not.toHaveProperty('accessKeyId')
  expect(access(AWS, ENV)).toMatchObject({ accessKeyId: 'E', region: 'eu-west-1' })
  expect(access(AWS, { AWS_PROFILE: 'p', HOME: '/h' })).toMatchObject({
    profile: 'p',
    files: ['/h/.aws/credentials', '/h/.aws/config'],
  })
})

test('named keys that are not set are told, and no others stand in for them', () => {
  const config = load(`${AWS}, access_key_id_env: NOPE, secret_access_key_env: NOPE2`, ENV)
  expect(config.endpoints[0]?.access).toMatchObject({ files: [] })
  expect(config.endpoints[0]?.access).not.toHaveProperty('accessKeyId')
  expect(config.problems.map((problem) => problem.message).join()).toMatch(/NOPE, which is not set/)
  expect(() => load(`${AWS}, access_key_id: A`)).toThrow(/go together/)
})

test('164 Entra is used where the entry says so, never because of variables alone', () => {
  const azure = 'provider: azure, base_url: "https://r.openai.azure.com"'
  const env = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' }
  expect(access(azure, env)).toBeUndefined()
  expect(access(`${azure}, tenant_id: contoso`, env)).toMatchObject({
    type: 'entra',
    tenant: 'contoso',
    clientId: 'c',
    scope: 'https://cognitiveservices.azure.com/.default',
    authority: 'https://login.microsoftonline.com',
  })
  expect(
    access('provider: azure-anthropic, base_url: "https://r.services.ai.azure.com", tenant_id: x', env),
  ).toMatchObject({ scope: 'https://ai.azure.com/.default' })
  expect(() => load(`${azure}, tenant_id: contoso`)).toThrow(/one of them is missing/)
})
