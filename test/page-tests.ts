import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { Language } from '../src/authorization/customer-path.ts'
import { chromiumPath, reportNoChromium } from './chromium.ts'
import { axeFaults, HOSTILE, layoutFaults, openPageVisits, type PageVisits, tabTo, twinFaults } from './page-visits.ts'

/** A language and a width in pixels. Each look costs seconds, and what axe finds hardly depends on both. */
export const LOOKS = [
  ['en', 1440],
  ['es', 320],
] as const

/** Declares tests that want a browser; where there is none, one that says so. */
export function browserTests(declare: () => void): void {
  if (chromiumPath !== null) declare()
  else
    it('reports that there is no browser', () => {
      expect(reportNoChromium).not.toThrow()
    })
}

/**
 * Declares what holds of all rendered pages. pages: by name, with a text in the place of everything that comes from
 * outside; null is for texts as they usually are. Returns the browser, for tests of single pages.
 */
export function testPages(
  pages: (outside: string | null, language: Language) => Record<string, string>,
): Omit<PageVisits, 'close'> {
  let opened: PageVisits | null = null
  const visits = (): PageVisits => {
    if (opened === null) throw new Error('the browser is not open yet')
    return opened
  }
  beforeAll(async () => void (opened = await openPageVisits()))
  afterAll(async () => await visits().close())

  it.each(LOOKS)(
    'axe finds nothing wrong with any page, in %s at %i pixels',
    { timeout: 180_000 },
    async (language, width) => {
      expect(await visits().faultsOf(pages(null, language), axeFaults, [width])).toEqual([])
    },
  )

  it.each(Object.keys(HOSTILE))(
    '%s breaks no page, runs nothing, fetches nothing',
    { timeout: 90_000 },
    async (name) => {
      // What does not break the narrow page rarely breaks the wide one; the longest word is shown on both.
      const widths = name.startsWith('no blank') ? [320, 1440] : [320]
      expect(await visits().faultsOf(pages(HOSTILE[name] ?? '', 'es'), layoutFaults, widths)).toEqual([])
    },
  )
  return {
    open: async (html) => await visits().open(html),
    faultsOf: async (...given) => await visits().faultsOf(...given),
  }
}

/** A page without scripts, as our pages have to do. */
export async function openPlainPage(browser: Browser, width: number): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled: false })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  return page
}

export async function expectAccessible(page: Page): Promise<void> {
  expect(await twinFaults(page)).toEqual([])
}

/** Presses a link or button by keyboard. */
export async function press(page: Page, selector: string): Promise<void> {
  await tabTo(page, selector)
  await page.keyboard.press('Enter')
}
