import fastify, { type FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openCustomerPath } from '../../src/authorization/open-customer-path.ts'
import { freePort } from '../../src/cli/free-port.ts'
import { messages } from '../../src/pages/messages.ts'
import { registerPages } from '../../src/pages/register-pages.ts'
import { launchChromium } from '../chromium.ts'
import { type PathBench, pathBench } from '../customer-path.ts'
import { browserTests, expectAccessible, LOOKS, openPlainPage, press } from '../page-tests.ts'
import { retype } from '../page-visits.ts'

let bench: PathBench
let server: FastifyInstance
let browser: Browser
let origin = ''

/** The customer's pages over the real path and the simulated utilities, on a port of their own. */
async function openPages(): Promise<void> {
  bench = await pathBench()
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  const config = { ...bench.deps.config, publicUrl: origin, secureCookies: false }
  const arrived = { authorizations: 0, meters: 0, readings: 0, bills: 0, billingSummaries: 0, recent: [] }
  bench.simulators.setThirdParty('pge', {
    redirectUri: `${origin}/utilities/pge/callback`,
    notificationUri: `${origin}/notifications/none`,
  })
  server = fastify()
  await registerPages(server, {
    path: openCustomerPath({ ...bench.deps, config }),
    config,
    home: async () => ({ demo: null, arrived }),
    notify: async () => 'unknown',
  })
  await server.listen({ port, host: '127.0.0.1' })
  browser = await launchChromium()
}

async function signInAtUtility(page: Page): Promise<void> {
  await page.waitForURL(/myAuthorization/)
  await page.fill('input[name=login]', 'home')
  await page.fill('input[name=password]', 'demo')
  await page.click('button[value=sign-in]')
  await page.waitForURL(/share/)
}

browserTests(() => {
  beforeAll(openPages, 120_000)
  afterAll(async () => {
    await browser.close()
    await server.close()
    await bench.close()
  })

  it.each(LOOKS)(
    'a customer shares and stops again by keyboard, without scripts, in %s at %i pixels',
    { timeout: 240_000 },
    async (language, width) => {
      const text = messages[language]
      const page = await openPlainPage(browser, width)
      await page.goto(`${origin}/pge/gb-oauth/${bench.company.alias}?lang=${language}&noredirect=1`)
      await expectAccessible(page)

      await press(page, 'button[value=continue]')
      await page.locator('.summary').waitFor()
      expect(await page.locator('.summary').innerText()).toContain(text.fieldErrors.name_missing)

      await retype(page, '#name', 'Carla Núñez')
      await retype(page, '#email', 'carla@customer.example')
      await press(page, 'button[value=continue]')

      await signInAtUtility(page)
      await page.check('input[name=agree]')
      await page.click('button[value=submit]')

      await page.waitForURL(/\/final\//)
      expect(await page.locator('html').getAttribute('lang')).toBe(language)
      expect(await page.locator('main').innerText()).toContain('Carla Núñez')
      await expectAccessible(page)
      await press(page, 'button[value=continue]')

      await page.waitForURL(/\/receipt\//)
      expect(await page.locator('main').innerText()).toContain(text.states.active)
      await expectAccessible(page)
      await press(page, 'a[href$="/revoke"]')
      await page.waitForURL(/\/revoke$/)
      await expectAccessible(page)
      await press(page, 'button.danger')

      await page.waitForURL(/\/receipt\/[^/]+$/)
      expect(await page.locator('main').innerText()).toContain(text.states.revoked)
      expect(await page.locator('main').innerText()).toContain(text.receipt.deleted)
      await expectAccessible(page)
      await page.context().close()
    },
  )

  it(
    'a customer who cancels at the utility reads that nothing is shared, and can start again',
    { timeout: 120_000 },
    async () => {
      const page = await openPlainPage(browser, 1280)
      await page.goto(`${origin}/pge/gb-oauth/${bench.company.alias}?lang=en&noredirect=1`)
      await page.fill('#name', 'Carla Núñez')
      await page.fill('#email', 'carla@customer.example')
      await page.click('button[value=continue]')
      await page.waitForURL(/myAuthorization/)
      await page.locator('button[value=cancel]').first().click()
      await page.waitForURL(/\/callback/)
      expect(await page.locator('h1').innerText()).toBe(messages.en.deadEnds.declined_at_utility.title)
      await page.getByRole('link', { name: messages.en.startAgain }).click()
      await page.locator('#name').waitFor()
      await page.context().close()
    },
  )
})
