import { defineConfig } from 'vitest/config'

// Units share one process in threads without isolation (a process per file is about twenty times slower);
// suites that start servers keep their isolation.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts', 'test/properties/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/{faults,conformance,e2e,published,recorded}/**/*.test.ts'],
          pool: 'threads',
          isolate: true,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts'],
          pool: 'threads',
          isolate: true,
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
