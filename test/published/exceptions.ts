// Where a vendor's published description is contradicted by the vendor's own recorded answers, or by itself: there we
// answer as the vendor does. Each line is one that `withoutPlace` makes.

interface Exception {
  why: string
  /** A recording of the vendor that breaks its description the same way; a test looks. */
  shownBy?: string
}

export const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  'anthropic-messages whole.content[].citations is missing': {
    why: 'a text without citations has no such member in the answers of the API',
    shownBy: 'anthropic/messages/dd-trace-js--anthropic-v1-messages-post-08bab2b6',
  },
  'anthropic-messages event.content_block.citations is missing': {
    why: 'a text begins without the member',
    shownBy: 'anthropic/messages/dd-trace-js--claude-agent-sdk-v1-messages-beta-true-post-3111c30b',
  },
  'openai-completions event.choices[].finish_reason is no string: null': {
    why: 'one schema stands for whole answers and chunks, and a chunk before the last has no reason',
    shownBy: 'openai/completions/dd-trace-js--openai-completions-post-87f617af',
  },
  'openai-completions event.usage is no object: null': {
    why: 'one schema stands for whole answers and chunks; with include_usage every chunk but the last has null',
    shownBy: 'openai/completions/dd-trace-js--openai-completions-post-b24dbf7d',
  },
  'openai-chat event.choices[].delta.tool_calls[].type is not in its enum: "custom"': {
    why: 'the description has custom tools in requests and whole answers, and no word for them in chunks',
  },
  'openai-responses event.response.error.code is not in its enum: "insufficient_quota"': {
    why: 'the code of an account without money, which Codex stops at',
    shownBy: 'openai/responses/vercel-ai--openai-error-1-stream',
  },
  'openai-responses event.response.error.code is not in its enum: "context_length_exceeded"': {
    why: 'the code that Codex knows a full window by; every other it tries again',
  },
  'anthropic-messages error.error has a type of no option: "request_too_large"': {
    why: 'the type of status 413 by the documentation of the API, which its description lacks',
  },
}
