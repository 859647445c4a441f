// The admin API described as one OpenAPI 3.1 document, generated from the rows and their schemas.

import { z } from 'zod'
import type { AdminRoute } from './admin-route.ts'
import * as schemas from './schemas.ts'

type Json = Record<string, unknown>

/** A JSON Schema in which every named part is a reference into `parts`. */
function schemaOf(type: z.ZodType, io: 'input' | 'output', parts: Map<string, unknown>): unknown {
  const {
    $defs,
    $schema: _dialect,
    ...schema
  } = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
  }) as Json & { $defs?: Json }
  for (const [name, part] of Object.entries($defs ?? {})) parts.set(name, moved(part))
  return moved(schema)
}

/** References point into the document. */
function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved)
  if (typeof value !== 'object' || value === null) return value
  const out: Json = {}
  for (const [key, member] of Object.entries(value)) {
    out[key] =
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : moved(member)
  }
  return out
}

export function openapi(rows: readonly AdminRoute[], version: string): Json {
  const parts = new Map<string, unknown>()
  const paths: Record<string, Json> = {}
  const failure = schemaOf(schemas.failure, 'output', parts)
  const json = (schema: unknown): Json => ({ 'application/json': { schema } })
  for (const row of rows) {
    const names = [...row.path.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string)
    const parameters = [
      ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...Object.entries(row.query ?? {}).map(([name, description]) => ({
        name,
        in: 'query',
        description,
        schema: { type: 'string' },
      })),
      ...(row.changes === true && row.method !== 'POST'
        ? [
            {
              name: 'If-Match',
              in: 'header',
              description: 'the ETag that was read; a change by somebody else since then is 412',
              schema: { type: 'string' },
            },
          ]
        : []),
    ]
    const answer = schemaOf(row.answer, 'output', parts)
    const operation: Json = {
      operationId: row.id,
      tags: [row.tag],
      summary: row.summary,
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(row.body
        ? {
            requestBody: {
              required: row.bodyOptional !== true,
              content: json(schemaOf(row.body, 'input', parts)),
            },
          }
        : {}),
      ...(row.open === true ? { security: [] } : {}),
      responses: {
        [String(row.status ?? 200)]: {
          description: row.stream === true ? 'one event per item' : 'done',
          content: row.stream === true ? { 'text/event-stream': { schema: answer } } : json(answer),
        },
        default: { description: 'a failure', content: json(failure) },
      },
    }
    ;(paths[row.path] ??= {})[row.method.toLowerCase()] = operation
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trunkline admin API',
      version,
      description:
        'Everything the console and the command line do. Changes carry an ETag and honour If-Match.',
    },
    paths,
    components: {
      schemas: Object.fromEntries([...parts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description: 'the admin key; the master key where there is none',
        },
        session: { type: 'apiKey', in: 'cookie', name: 'trunkline_session' },
      },
    },
    security: [{ key: [] }, { session: [] }],
  }
}
