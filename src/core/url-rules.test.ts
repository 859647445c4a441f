import { describe, expect, test } from 'vitest'
import { cleanBaseUrl, isLocalName, isPrivateIp, normalizeUrl, operationUrl } from './url-rules.ts'

describe('R-001-11 normalizeUrl', () => {
  test.for([
    ['localhost:11434', 'http://localhost:11434'],
    ['framework:8000/v1', 'http://framework:8000/v1'],
    ['box.ts.net', 'http://box.ts.net'],
    ['host.docker.internal:1234', 'http://host.docker.internal:1234'],
    ['::1', 'http://[::1]'],
    ['2001:4860:4860::8888', 'https://[2001:4860:4860::8888]'],
    ['http:/x', 'http://x'],
    ['https:api.example.com', 'https://api.example.com'],
    ['HTTP://x', 'HTTP://x'],
    ['user@10.0.0.1', 'http://user@10.0.0.1'],
    ['api.example.com', 'https://api.example.com'],
    ['http://public.example/', 'http://public.example/'],
  ] as const)('A-020 %s', ([given, wanted]) => {
    expect(normalizeUrl(given)).toBe(wanted)
  })
})

describe('R-001-12, R-001-13 host classes', () => {
  test.for([
    '::ffff:a00:1',
    '::ffff:100.64.0.1',
    'fe80::1%eth0',
    '[fd00::1]',
    '0.0.0.0',
    'a.localhost.',
    '127.9.9.9',
  ])('A-021 %s is private', (host) => {
    expect(isPrivateIp(host)).toBe(true)
  })
  test.for(['::ffff:8.8.8.8', '999.0.0.1', '1::2::3', 'framework', 'box.ts.net', ':', '100.128.0.1'])(
    'A-021 %s is not',
    (host) => {
      expect(isPrivateIp(host)).toBe(false)
    },
  )
  test('the wider class chooses a scheme only', () => {
    expect(['framework', 'nas.lan', 'x.internal', 'x.home.arpa'].map(isLocalName)).toEqual([
      true,
      true,
      true,
      true,
    ])
    expect(['example.com', 'lan.example.com'].map(isLocalName)).toEqual([false, false])
  })
})

describe('cleanBaseUrl', () => {
  test.for([
    ['http://h/v1', 'http://h/v1'],
    ['http://h/v1/', 'http://h/v1'],
    ['http://h/v1//', 'http://h/v1'],
    ['http://h/v1/chat/completions', 'http://h/v1'],
    ['http://h/v1/chat/completions/', 'http://h/v1'],
    ['http://h/v1/models', 'http://h/v1'],
    ['http://h/v1/messages', 'http://h/v1'],
    ['http://h/v1/embeddings', 'http://h/v1'],
    ['http://h/openai/v1', 'http://h/openai/v1'],
    ['http://h/api/v1', 'http://h/api/v1'],
    ['HTTPS://API.Example.com:443/v1', 'https://api.example.com/v1'],
    ['https://api.perplexity.ai', 'https://api.perplexity.ai'],
    ['localhost:8000/v1', 'http://localhost:8000/v1'],
    [' http://h/v1 ', 'http://h/v1'],
  ] as const)('A-099, A-018 %s', ([given, wanted]) => {
    expect(cleanBaseUrl(given)).toBe(wanted)
  })

  test.for([
    ['http://h:11434', 'http://h:11434/v1'],
    ['http://h:11434/', 'http://h:11434/v1'],
    ['http://h:11434/v1', 'http://h:11434/v1'],
    ['http://h:11434/api', 'http://h:11434/v1'],
    ['http://h:11434/api/chat', 'http://h:11434/v1'],
    ['http://h/ollama', 'http://h/ollama/v1'],
    ['http://h/v1/chat/completions', 'http://h/v1'],
  ] as const)('A-079 ollama: %s', ([given, wanted]) => {
    expect(cleanBaseUrl(given, 'ollama')).toBe(wanted)
  })

  test.for([
    ['', 'is empty'],
    ['ftp://h/v1', 'is not http or https'],
    ['file:///etc/passwd', 'is not http or https'],
    ['javascript:alert(1)', 'is not a valid URL'],
    ['http://u:p@h/v1', 'holds credentials'],
    ['http://h/v1?x=1', 'holds a query'],
    ['http://h/v1#x', 'holds a query or a fragment'],
    ['http://h\\@evil/v1', 'backslash'],
    ['http://h/v 1', 'white space'],
    ['http://h/v1\u0000', 'control character'],
    ['http://169.254.169.254/v1', 'metadata'],
    ['169.254.169.254', 'metadata'],
    ['http://169.254.169.254./v1', 'metadata'],
    ['http://2852039166/v1', 'metadata'],
    ['http://0xa9fea9fe/v1', 'metadata'],
    ['http://[::ffff:169.254.169.254]/v1', 'metadata'],
    ['http://[64:ff9b::a9fe:a9fe]/v1', 'metadata'],
    ['http://[fd00:ec2::254]/v1', 'metadata'],
    ['http://[fd00:ec2:0:0::254]/v1', 'metadata'],
    ['http://100.100.100.200/v1', 'metadata'],
    ['http://metadata.google.internal/v1', 'metadata'],
  ] as const)('R-001-14, A-028 refuses %j', ([given, why]) => {
    expect(() => cleanBaseUrl(given)).toThrow(why)
  })

  test('R-001-26 a refused URL is told without its password', () => {
    expect(() => cleanBaseUrl('http://user:hunter2@h/v1')).toThrow(/^(?!.*hunter2).*credentials/)
  })
})

describe('A-078 operationUrl, the three forms of Azure', () => {
  const at = (base: string, path = '/chat/completions'): string =>
    operationUrl(cleanBaseUrl(base, 'azure'), path, { model: 'my gpt', providerId: 'azure' })

  test.for([
    [
      'https://r.openai.azure.com',
      'https://r.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
    ],
    [
      'https://r.openai.azure.com/openai',
      'https://r.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
    ],
    [
      'https://r.openai.azure.com/openai/deployments/d',
      'https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21',
    ],
    [
      'https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01-preview',
      'https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01-preview',
    ],
    ['https://r.openai.azure.com/openai/v1/', 'https://r.openai.azure.com/openai/v1/chat/completions'],
  ] as const)('%s', ([base, wanted]) => {
    expect(at(base)).toBe(wanted)
  })

  test("the models list is the resource's", () => {
    expect(at('https://r.openai.azure.com/openai/deployments/d', '/models')).toBe(
      'https://r.openai.azure.com/openai/models?api-version=2024-10-21',
    )
  })

  test.each(['', '/openai', '/openai/v1', '/openai/deployments/d'])('realtime is at the v1 of %s', (base) => {
    expect(at(`https://r.openai.azure.com${base}`, '/realtime')).toBe(
      'https://r.openai.azure.com/openai/v1/realtime',
    )
  })

  test('other providers are joined as they stand', () => {
    expect(operationUrl('http://h/v1', '/embeddings', { model: 'm', providerId: 'vllm' })).toBe(
      'http://h/v1/embeddings',
    )
  })
})
