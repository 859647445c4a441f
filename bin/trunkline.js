#!/usr/bin/env node
// Checks the runtime before anything is imported: an old Node would fail somewhere deep instead.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`trunkline needs Node 22.19 or newer, this is ${process.version}; see https://nodejs.org`)
  process.exit(1)
}
await import('../dist/program/main.js')
