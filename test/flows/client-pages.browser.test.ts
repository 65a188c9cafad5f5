import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { messages } from '../../src/pages/messages.ts'
import { launchChromium } from '../chromium.ts'
import { CARLA, type CustodianKit, custodianKit, type Registered } from '../custodian-kit.ts'
import { seedAuthorization } from '../database.ts'
import { browserTests, expectAccessible, LOOKS, openPlainPage, press } from '../page-tests.ts'
import { retype } from '../page-visits.ts'
import { openReceiver, type Receiver } from '../webhook-kit.ts'

let kit: CustodianKit
let browser: Browser
let third: Receiver
let client: Registered

const authorizeUrl = (): string => kit.authorizeUrl(client, { redirect_uri: third.url('/back') })

/** The redirect address was reached, with these parameters. */
async function backWith(page: Page, name: string): Promise<string> {
  await page.waitForURL((url) => url.href.startsWith(third.url('/back')))
  const { searchParams } = new URL(page.url())
  expect(searchParams.get('state')).toBe('st&te')
  return searchParams.get(name) ?? ''
}

browserTests(() => {
  beforeAll(async () => {
    kit = await custodianKit()
    browser = await launchChromium()
    third = await openReceiver()
    client = await kit.register({ redirect_uris: [third.url('/back')] })
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await third.close()
    await kit.close()
  })

  it.each(LOOKS)(
    'a customer lets a third party in and stops it again by keyboard, without scripts, in %s at %i pixels',
    { timeout: 240_000 },
    async (language, width) => {
      const text = messages[language]
      kit.clock.ms += 7_200_000
      const page = await openPlainPage(browser, width)
      await page.goto(`${authorizeUrl()}&lang=${language}`)
      await expectAccessible(page)
      await retype(page, '#email', 'nobody')
      await press(page, 'button[value=continue]')
      expect(await page.locator('.summary').innerText()).toContain(text.fieldErrors.email)
      await retype(page, '#email', CARLA)
      await press(page, 'button[value=continue]')
      await page.getByRole('heading', { name: text.client.sentTitle }).waitFor()

      await page.goto(await kit.mailed('client_asks'))
      expect(await page.locator('html').getAttribute('lang')).toBe(language)
      await expectAccessible(page)
      await press(page, 'button[value=continue]')
      expect(await backWith(page, 'code')).toMatch(/^[\w-]{20,}$/)

      await page.goto(await kit.mailed('client_let_in'))
      await expectAccessible(page)
      await press(page, 'button.danger')
      await page.getByRole('heading', { name: 'Bright Homes' }).waitFor()
      expect(await page.locator('button.danger').count()).toBe(0)
      await expectAccessible(page)
      await page.context().close()
    },
  )

  it('who shares twice chooses one, is told so when they forget, and can decline', { timeout: 120_000 }, async () => {
    kit.clock.ms += 7_200_000
    const second = await seedAuthorization(kit.api.database.db, kit.api.ours, { utility: 'PG&E' })
    const page = await openPlainPage(browser, 768)
    await page.goto(authorizeUrl())
    await page.fill('#email', CARLA)
    await page.click('button[value=continue]')
    const link = await kit.mailed('client_asks')
    await page.goto(link)
    await page.click('button[value=continue]')
    expect(await page.locator('.summary').innerText()).toContain(messages.en.fieldErrors.share)
    await page.click('button[value=decline]')
    expect(await backWith(page, 'error')).toBe('access_denied')
    await page.goto(link)
    expect(await page.locator('h1').innerText()).toBe(messages.en.deadEnds.already_used.title)

    await page.goto(authorizeUrl())
    await page.fill('#email', CARLA)
    await page.click('button[value=continue]')
    await page.goto(await kit.mailed('client_asks'))
    await page.check(`input[name=share][value^="${second}."]`)
    await page.click('button[value=continue]')
    await backWith(page, 'code')
    const [consent] = await kit.api.database.admin(
      'select authorization_uid::text as uid from client_consents order by agreed desc limit 1',
    )
    expect(consent).toEqual({ uid: second })
    await page.context().close()
  })

  it(
    'each dead end says what happened and what to do, and can be read by everybody',
    { timeout: 120_000 },
    async () => {
      kit.clock.ms += 7_200_000
      const page = await openPlainPage(browser, 320)
      const titleAt = async (url: string): Promise<string> => {
        await page.goto(url)
        await expectAccessible(page)
        return await page.locator('h1').innerText()
      }
      const { deadEnds, client: text } = messages.en
      const nobody = { ...client, clientId: 'nobody' }
      expect(await titleAt(kit.authorizeUrl(nobody))).toBe(text.refusedTitle)
      expect(await titleAt(kit.authorizeUrl(client, { redirect_uri: 'https://evil.example/' }))).toBe(text.refusedTitle)
      expect(await titleAt(`${kit.url}/DataCustodian/oauth/share/x`)).toBe(deadEnds.unknown_link.title)
      const { page: elsewhere } = await kit.toConsent(client, { redirect_uri: third.url('/back') })
      expect(await titleAt(elsewhere.url)).toBe(deadEnds.other_browser.title)
      kit.clock.ms += 3_700_000
      expect(await titleAt(elsewhere.url)).toBe(deadEnds.unknown_link.title)
      await page.context().close()
    },
  )
})
