// The embeddable library. Importing it does nothing; `createGateway` builds an engine.

export { type Config, ConfigError } from './config/config.ts'
export { GatewayError } from './core/error.ts'
export { type Gateway, type GatewayOptions, createGateway } from './gateway/create-gateway.ts'
