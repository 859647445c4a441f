// trunkline/testing: fakes and replays for tests of programs that talk to models.

export { runFake } from './fake-main.ts'
export type { RunFakeOptions } from './fake-main.ts'
export { recordedReply } from './recorded-reply.ts'
export { startFake } from './fake-upstream.ts'
export type { Fake, FakeKind, FakeOptions, LogEntry, SsePiece, Step } from './fake-upstream.ts'
