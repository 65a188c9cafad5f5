import { afterAll, beforeAll, expect, it } from 'vitest'

import { chromiumPath, reportNoChromium } from '../../test/chromium.ts'
import { axeFaults, HOSTILE, layoutFaults, openPageVisits, type PageVisits } from '../../test/page-visits.ts'
import type { Language } from '../authorization/customer-path.ts'
import { availabilityPage } from './availability-page.ts'
import { companiesPage } from './companies-page.ts'
import { deadEndPage } from './dead-end-page.ts'
import { finalPage } from './final-page.ts'
import { formPage } from './form-page.ts'
import { homePage } from './home-page.ts'
import type { PageContext } from './layout.ts'
import { leavePage } from './leave-page.ts'
import { legalPage } from './legal-page.ts'
import { problemPage } from './problem-page.ts'
import { receiptPage } from './receipt-page.ts'
import { resumePage } from './resume-page.ts'
import { revokePage } from './revoke-page.ts'
import { plainTexts, sampleForm, sampleGrant, sampleHome, sampleReceipt, type SampleTexts } from './sample-views.ts'

const contextIn = (language: Language): PageContext => ({
  language,
  operatorName: 'Golden State Data Cooperative',
  operatorEmail: 'help@gsdc.example',
  address: '/x',
})

/** Every page, with these texts in the place of everything that comes from outside. */
function pagesWith(texts: SampleTexts, language: Language): Record<string, string> {
  const context = contextIn(language)
  const entries = { name: texts.customer, email: texts.email, endDate: '2027-10-03', utilitySlug: '' }
  const form = { view: sampleForm(texts), entries, errors: {}, action: '/x', token: 't' }
  const receipt = { view: sampleReceipt(texts), address: '/x', token: 't', errors: {}, endDate: null, notice: null }
  const open = { ...form, view: sampleForm(texts, { utility: null, renews: true }) }
  const products = { meters: true, bills: true, intervals: true, accounting: false, billPdfs: false } as const
  const utility = { id: 'X', slug: 'x', name: texts.utility, products, dataLagDays: 2, espi: { historyDays: 1461 } }
  return {
    form: formPage(context, form),
    errors: formPage(context, {
      ...open,
      errors: { name: 'name_missing', email: 'email', utilitySlug: 'utility_missing' },
    }),
    final: finalPage(context, { view: sampleGrant(texts), action: '/x', token: 't' }),
    receipt: receiptPage(context, { ...receipt, notice: 'shortened' }),
    'receipt-error': receiptPage(context, { ...receipt, errors: { endDate: 'end_later' }, endDate: texts.address }),
    ended: receiptPage(context, {
      ...receipt,
      view: sampleReceipt(texts, { state: 'revoked', revoked: '2026-11-02' }),
    }),
    revoke: revokePage(context, { view: sampleReceipt(texts), address: '/x', token: 't' }),
    resume: resumePage(context, { action: '/x', token: 't' }),
    leave: leavePage(context, 'https://utility.example/authorize'),
    companies: companiesPage(context, { utilityName: texts.utility, companies: [{ name: texts.company, url: '/x' }] }),
    'dead-end': deadEndPage(context, { end: 'other_browser', retry: '/x' }),
    problem: problemPage(context, { kind: 'forged', back: '/x' }),
    home: homePage(context, sampleHome(texts)),
    availability: availabilityPage(context, [utility]),
    terms: legalPage(context, 'terms'),
    privacy: legalPage(context, 'privacy'),
  }
}

let visits: PageVisits
beforeAll(async () => void (visits = await openPageVisits()))
afterAll(async () => await visits.close())

const SHOWING_DATA = ['form', 'errors', 'final', 'receipt', 'receipt-error', 'ended', 'revoke', 'companies', 'home']

if (chromiumPath === null) {
  it('reports that there is no browser', () => {
    expect(reportNoChromium).not.toThrow()
  })
} else {
  // One width a language: each look costs seconds, and what axe finds hardly depends on both.
  it.each([
    ['en', 1440],
    ['es', 320],
  ] as const)(
    'axe finds nothing wrong with any page, in %s at %i pixels',
    { timeout: 180_000 },
    async (language, width) => {
      expect(await visits.faultsOf(pagesWith(plainTexts, language), axeFaults, [width])).toEqual([])
    },
  )

  it.each(Object.keys(HOSTILE))(
    '%s breaks no page, runs nothing, fetches nothing',
    { timeout: 90_000 },
    async (name) => {
      const text = HOSTILE[name] ?? ''
      const texts = { company: text, utility: text, customer: text, email: text, purpose: text, address: text }
      const pages = Object.entries(pagesWith(texts, 'es')).filter(([page]) => SHOWING_DATA.includes(page))
      // What does not break the narrow page rarely breaks the wide one; the longest word is shown on both.
      const widths = name.startsWith('no blank') ? [320, 1440] : [320]
      expect(await visits.faultsOf(Object.fromEntries(pages), layoutFaults, widths)).toEqual([])
    },
  )

  it('the form is filled in by keyboard alone, in the order in which it is read', async () => {
    const { page } = await visits.open(pagesWith(plainTexts, 'en')['errors'] ?? '')
    const order = ['summary', '#utilitySlug', '#name', '#email', 'utilitySlug', 'name', 'email', 'endDate', 'button']
    const stops: string[] = []
    while (stops.length < 40 && stops.at(-1) !== 'button') {
      stops.push(await page.evaluate<string>(FOCUSED))
      await page.keyboard.press('Tab')
    }
    // A date input has several stops: month, day, year and the calendar.
    expect(stops.filter((stop, index) => order.includes(stop) && stop !== stops[index - 1])).toEqual(order)
    await page.context().close()
  })

  it('a receipt prints without its buttons', async () => {
    const { page } = await visits.open(pagesWith(plainTexts, 'en')['receipt'] ?? '')
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('button:visible, .languages:visible').count()).toBe(0)
    expect(await page.getByText('Bright Roof Solar Inc.').first().isVisible()).toBe(true)
    await page.context().close()
  })
}

/** What has the focus, by its most telling attribute. */
const FOCUSED = `(() => {
  const focused = document.activeElement
  const names = ['class', 'name', 'href'].map((name) => focused.getAttribute(name))
  return names.find((name) => name !== null) ?? ''
})()`
