import { expect, it } from 'vitest'

import { browserTests, testPages } from '../../test/page-tests.ts'
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
    away: problemPage(context, { kind: 'away', back: '/x' }),
    home: homePage(context, sampleHome(texts)),
    availability: availabilityPage(context, [utility]),
    terms: legalPage(context, 'terms'),
    privacy: legalPage(context, 'privacy'),
  }
}

const SHOWING_DATA = ['form', 'errors', 'final', 'receipt', 'receipt-error', 'ended', 'revoke', 'companies', 'home']

/** All pages as they are; with another text, only those that show any. */
function pagesOf(text: string | null, language: Language): Record<string, string> {
  if (text === null) return pagesWith(plainTexts, language)
  const texts = { company: text, utility: text, customer: text, email: text, purpose: text, address: text }
  return Object.fromEntries(Object.entries(pagesWith(texts, language)).filter(([page]) => SHOWING_DATA.includes(page)))
}

browserTests(() => {
  const visits = testPages(pagesOf)

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
})

/** What has the focus, by its most telling attribute. */
const FOCUSED = `(() => {
  const focused = document.activeElement
  const names = ['class', 'name', 'href'].map((name) => focused.getAttribute(name))
  return names.find((name) => name !== null) ?? ''
})()`
