// The embeddable library. Importing it does nothing; `createGateway` builds an engine in this process.

export { type Config, ConfigError, type ConfigProblem } from './config/config.ts'
export { GatewayError } from './core/error.ts'
export type { StreamEvent } from './core/event.ts'
export type { Usage } from './core/usage.ts'
export {
  type ConfigInput,
  type Engine,
  type EngineOptions,
  type HandleReply,
  type HandleRequest,
  createGateway,
} from './engine/engine.ts'
export type { AttemptFacts, CallFacts, Hooks, SettledFacts } from './gateway/hooks.ts'
