// The server as a library: `trunkline/server`.

export { type RunningServer, type ServerOptions, startServer } from './server.ts'
