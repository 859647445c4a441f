// trunkline/testing: fakes and replays for tests of programs that talk to models.

export { recordedReply } from './recorded-reply.ts'
export { startFake } from './fake-upstream.ts'
export type { Fake, FakeKind, FakeOptions, LogEntry, SsePiece, Step } from './fake-upstream.ts'
