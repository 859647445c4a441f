// The console with five hundred endpoints and five thousand models: usable, and no page renders them all at once.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Gateway, KEY, launch } from '../acceptance/kit.ts'

const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
)
const ready = CHROMIUM !== undefined && existsSync(join(import.meta.dirname, '../../dist/console/index.html'))
if (!ready) console.log('console scale test skipped: needs Chromium and npm run build:console')

const ENDPOINTS = Array.from({ length: 500 }, (_, index) => {
  const models = Array.from({ length: 10 }, (_, model) => `model-${index}-${model}`)
  return `  box-${index}: { provider: openai-compatible, base_url: "http://127.0.0.1:9/v1", auth_type: none, probe: off, models: [${models.join(', ')}] }`
}).join('\n')

describe.skipIf(!ready)('console at scale', () => {
  let browser: Browser
  let gw: Gateway
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
      ],
    })
    gw = await launch({ yaml: `endpoints:\n${ENDPOINTS}\n` })
    await gw.started
  })
  afterAll(async () => {
    await browser?.close()
    await gw?.close()
  })

  test('500 endpoints are found by filter, 5,000 models are listed a screenful at a time', async () => {
    const page = await browser.newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`${gw.url}/ui/`)
    await page.getByLabel('Admin key').fill(KEY)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Start' }).waitFor()
    const timed = async (path: string, there: string): Promise<number> => {
      const started = performance.now()
      await page.goto(`${gw.url}/ui/${path}`)
      await page.getByText(there).first().waitFor()
      return performance.now() - started
    }
    const endpoints = await timed('endpoints', '500 endpoints')
    await page.getByLabel('Filter endpoints').fill('box-499')
    await expect.poll(() => page.getByRole('row').count()).toBe(2)
    const models = await timed('models', '5,000 of 5,000')
    expect(await page.locator('li[data-index]').count()).toBeLessThan(60)
    await page.getByLabel('Filter models').fill('model-499-9')
    await page.getByText('1 of 5,000').waitFor()
    console.log(
      `console: 500 endpoints in ${Math.round(endpoints)} ms, 5,000 models in ${Math.round(models)} ms`,
    )
    expect(Math.max(endpoints, models)).toBeLessThan(5_000)
  })
})
