import { expect, test } from 'vitest'
import { adminRoutes } from './index.ts'
import { openapi } from './openapi.ts'

const document = openapi(adminRoutes, '1.2.3') as {
  paths: Record<string, Record<string, { operationId: string }>>
  components: { schemas: Record<string, unknown> }
}

test('every row is an operation with a name of its own', () => {
  const ids = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map((row) => row.operationId),
  )
  expect(ids).toHaveLength(adminRoutes.length)
  expect(new Set(ids).size).toBe(ids.length)
})

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document)
  const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((found) => found[1] as string)
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !(name in document.components.schemas))).toEqual([])
  expect(text).not.toContain('$defs')
})

test('an endpoint row is described member by member', () => {
  const schema = document.components.schemas.Endpoint as { properties: Record<string, unknown> }
  for (const name of ['id', 'url', 'source', 'shadowed', 'health', 'enabled', 'circuit_state', 'etag'])
    expect(schema.properties).toHaveProperty(name)
})
