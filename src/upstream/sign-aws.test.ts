import { expect, test } from 'vitest'
import type { AwsAccess } from '../providers/endpoint.ts'
import { awsKeys, profileKeys } from './aws-credentials.ts'
import { sigV4 } from './sign-aws.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const AT = Date.UTC(2026, 10, 21, 12, 0, 0)
const HI = '{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'

async function signature(
  [service, host, path, body]: readonly [string, string, string, string],
  sessionToken: string | undefined,
): Promise<Record<string, string>> {
  const sign = sigV4({
    service,
    region: 'us-east-1',
    host,
    keys: () => Promise.resolve(sessionToken === undefined ? KEYS : { ...KEYS, sessionToken }),
    now: () => AT,
  })
  return sign({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': '1' },
    body: Buffer.from(body),
  })
}

const RUNTIME = 'bedrock-runtime.us-east-1.amazonaws.com'

test.each([
  {
    name: '125 V1: a model id with a colon',
    ask: ['bedrock', RUNTIME, '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse', HI] as const,
    token: undefined,
    headers: 'content-type;host;x-amz-date',
    want: 'cf3c32d71546d31e71569ea19f77f17617b898d695534aa799b06063040631c5',
  },
  {
    name: '125 V2: an ARN with slashes, and a session token',
    ask: [
      'bedrock',
      RUNTIME,
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123xyz789/converse-stream',
      HI,
    ] as const,
    token: 'SESSIONTOKEN',
    headers: 'content-type;host;x-amz-date;x-amz-security-token',
    want: '4cb1c06d0898ac5083a7f4bc077d679d2cafeed9a5199ec046b5c51cf96735b2',
  },
  {
    name: '125 V3: Mantle',
    ask: [
      'bedrock-mantle',
      'bedrock-mantle.us-east-1.api.aws',
      '/anthropic/v1/messages',
      '{"model":"anthropic.claude-sonnet-5","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}',
    ] as const,
    token: undefined,
    headers: 'content-type;host;x-amz-date',
    want: '662205c053b7b84c291572a827eedb99b90b13dac607ad6970b27b74e1ae36a5',
  },
])('$name', async ({ ask, token, headers, want }) => {
  const added = await signature(ask, token)
  expect(added).toEqual({
    'x-amz-date': '20261121T120000Z',
    ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261121/us-east-1/${ask[0]}/aws4_request, SignedHeaders=${headers}, Signature=${want}`,
  })
})

test('a profile of the shared file, with and without its prefix', () => {
  const text = `
[default]
aws_access_key_id = A
aws_secret_access_key = s=1
; a comment
[profile work]
region = eu-west-1
aws_access_key_id=B
aws_secret_access_key=t
aws_session_token = u
[half]
aws_access_key_id = C
`
  expect(profileKeys(text, 'default')).toEqual({ accessKeyId: 'A', secretAccessKey: 's=1' })
  expect(profileKeys(text, 'work')).toEqual({ accessKeyId: 'B', secretAccessKey: 't', sessionToken: 'u' })
  expect(profileKeys(text, 'half')).toBeUndefined()
  expect(profileKeys(text, 'none')).toBeUndefined()
})

test('without any keys the error names the places looked at', async () => {
  const access: AwsAccess = { type: 'aws', region: 'us-east-1', files: ['/nowhere/credentials'] }
  await expect(awsKeys(access, 'b')()).rejects.toThrow(/"default" in \/nowhere\/credentials/)
})
