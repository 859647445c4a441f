import { createVerify, generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { vertexBase } from '../clouds/vertex.ts'
import { googleFile, tokenRequest } from './google.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const account = (key: string) =>
  JSON.stringify({
    type: 'service_account',
    project_id: 'p1',
    client_email: 'robot@p1.iam.gserviceaccount.com',
    private_key_id: 'k1',
    private_key: key,
    token_uri: 'https://oauth2.example/token',
  })

test.each([
  ['global', 'https://aiplatform.googleapis.com'],
  ['us', 'https://aiplatform.us.rep.googleapis.com'],
  ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ['europe-west1', 'https://europe-west1-aiplatform.googleapis.com'],
])('153: the host of %s', (location, host) => {
  expect(vertexBase('p1', location, 'anthropic')).toBe(
    `${host}/v1/projects/p1/locations/${location}/publishers/anthropic`,
  )
})

test.each([
  ['as it is', pem],
  ['with its line ends as two characters', pem.replaceAll('\n', '\\n')],
])('156: the assertion of a service account, its key %s', async (_name, key) => {
  const { credential, project } = googleFile(account(key))
  expect(project).toBe('p1')
  const { url, method, headers, body } = await tokenRequest(credential, 1_700_000_000)
  expect([url, method, headers]).toEqual([
    'https://oauth2.example/token',
    'POST',
    { 'content-type': 'application/x-www-form-urlencoded' },
  ])
  const form = new URLSearchParams(body)
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
  const [head, claims, signature] = (form.get('assertion') ?? '').split('.') as [string, string, string]
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'k1' })
  expect(read(claims)).toEqual({
    iss: 'robot@p1.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
    aud: 'https://oauth2.example/token',
    iat: 1_700_000_000,
    exp: 1_700_003_600,
  })
  const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`)
  expect(verifier.verify(publicKey, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('157: a user’s refresh token, and the metadata server', async () => {
  const user = googleFile(
    JSON.stringify({
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
      quota_project_id: 'q',
    }),
  )
  expect(user.quotaProject).toBe('q')
  const asked = await tokenRequest(user.credential, 0)
  expect(Object.fromEntries(new URLSearchParams(asked.body))).toEqual({
    grant_type: 'refresh_token',
    client_id: 'c',
    client_secret: 's',
    refresh_token: 'r',
  })
  const metadata = await tokenRequest(googleFile('metadata').credential, 0)
  expect(metadata.headers).toEqual({ 'metadata-flavor': 'Google' })
})

test.each([
  ['x', 'not valid JSON'],
  ['[]', 'holds no object'],
  ['{"type":"service_account"}', 'has no client_email'],
  ['{"type":"external_account"}', 'of type "external_account" are not supported'],
])('a file that is %s says what is wrong', (text, message) => {
  expect(() => googleFile(text)).toThrow(message)
})
