// One path of the admin API as data: what it takes, what it gives, who may call it. The dispatcher, the OpenAPI
// document and the tests are all derived from these rows.

import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { Actor } from '../control/state.ts'
import type { AdminServices } from './services.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface AdminCall<Body> extends AdminServices {
  /** Values of the path's {names}, decoded. */
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  body: Body
  actor: Actor
  /**
   * Compares the caller's If-Match, where there is one, with the tag of what is to be changed.
   * @throws 412 when somebody else changed it meanwhile.
   */
  check(tag: string): void
  context: Context
}

export interface Answer {
  /** Default 200. */
  status?: number
  body: unknown
  etag?: string
  headers?: Record<string, string>
}

export interface AdminRoute {
  method: Method
  /** With {names}. */
  path: string
  /** operationId. */
  id: string
  tag: string
  summary: string
  /** Open to anybody: the session's own paths. */
  open?: true
  /** Query parameters with what they mean. */
  query?: Readonly<Record<string, string>>
  body?: z.ZodType
  /** An empty body counts as `{}`. */
  bodyOptional?: true
  answer: z.ZodType
  /** The status of success, for the document. */
  status?: number
  /** Changes something: honours If-Match. */
  changes?: true
  /** The answer is an event stream of `answer`, written by the handler itself. */
  stream?: true
  handler(call: AdminCall<unknown>): Promise<Answer | undefined> | Answer | undefined
}

type Spec<B extends z.ZodType | undefined> = Omit<AdminRoute, 'handler' | 'body'> & {
  body?: B
  handler(
    call: AdminCall<B extends z.ZodType ? z.infer<B> : undefined>,
  ): Promise<Answer | undefined> | Answer | undefined
}

/** A row whose handler knows the type of its body. */
export function route<B extends z.ZodType | undefined = undefined>(spec: Spec<B>): AdminRoute {
  return spec
}
