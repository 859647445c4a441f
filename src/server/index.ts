// The server as a library: `trunkline/server`.

export { type RunningServer, type ServerOptions, serve, startServer } from './server.ts'
