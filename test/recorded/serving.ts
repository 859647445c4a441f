// A `fetch` that answers with given bytes: how an official SDK is made to judge an answer.

export function serving(streamed: boolean, bytes: Buffer): () => Promise<Response> {
  const type = streamed ? 'text/event-stream; charset=utf-8' : 'application/json'
  return () =>
    Promise.resolve(new Response(new Uint8Array(bytes), { status: 200, headers: { 'content-type': type } }))
}
