// What to do about it: one sentence for each way an endpoint can be out of order, as data where it is the same sentence.

import type { ProviderRecord } from '../../providers/provider.ts'

/** How the usual local servers are started, by port. */
const STARTED_BY: Readonly<Record<number, string>> = {
  11434: 'start Ollama: ollama serve',
  1234: 'start the server in LM Studio (Developer tab, or: lms server start)',
  8000: 'start vLLM: vllm serve <model>',
  8080: 'start llama.cpp: llama-server -m <model.gguf>',
  30000: 'start SGLang: python -m sglang.launch_server --model-path <model>',
  4000: 'start Trunkline: trunkline serve',
}

export function refusedRemedy(host: string, port: number, contained: boolean): string {
  const local = /^(localhost|127\.|\[?::1)/.test(host)
  if (local && contained)
    return `inside a container "${host}" is the container itself: use host.docker.internal, and start the container with --add-host=host.docker.internal:host-gateway`
  const start = STARTED_BY[port]
  if (start !== undefined) return `${start}; if it listens elsewhere, change the port in the address`
  return `start the server, or correct the port (${port}) in the address${local ? '' : '; a server that listens on 127.0.0.1 only is not reached from here'}`
}

export function unresolvedRemedy(host: string): string {
  return host === 'host.docker.internal'
    ? 'start the container with --add-host=host.docker.internal:host-gateway; outside containers the name does not exist'
    : `check the spelling of "${host}", or use its address`
}

const TLS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'self-signed',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'self-signed',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'early',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name',
  EPROTO: 'plain',
  ERR_SSL_WRONG_VERSION_NUMBER: 'plain',
  ECONNRESET: 'plain',
}

export function tlsRemedy(code: string): string {
  switch (TLS[code]) {
    case 'self-signed':
      return 'give the authority that signed it: tls: { ca_file: /path/ca.pem }; for development only: tls: { insecure: true }'
    case 'expired':
      return 'renew the certificate, or set this machine’s clock right'
    case 'early':
      return 'set this machine’s clock right: the certificate is not valid yet'
    case 'name':
      return 'use the name the certificate was made for'
    case 'plain':
      return 'this port does not speak TLS: write http:// instead of https://'
    default:
      return 'look at what answers there: openssl s_client -connect host:port'
  }
}

export function keyRemedy(record: ProviderRecord, given: boolean): string {
  const [variable] = record.env.key
  const how =
    variable === undefined
      ? 'api_key in the configuration, or --key'
      : `${variable} in the environment, api_key in the configuration, or --key`
  return given
    ? `the key that is sent is refused: check that it belongs to ${record.title} and was not revoked (${how})`
    : `give a key: ${how}`
}
