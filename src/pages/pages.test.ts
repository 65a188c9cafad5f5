import { describe, expect, it } from 'vitest'

import type { DeadEnd, Language } from '../authorization/customer-path.ts'
import { availabilityPage } from './availability-page.ts'
import { deadEndPage, deadEndStatus } from './dead-end-page.ts'
import { finalPage } from './final-page.ts'
import { formPage } from './form-page.ts'
import { homePage, isUnderWay } from './home-page.ts'
import type { PageContext } from './layout.ts'
import { leaveAddress } from './leave-page.ts'
import { messages } from './messages.ts'
import { receiptPage } from './receipt-page.ts'
import { revokePage } from './revoke-page.ts'
import { plainTexts, sampleForm, sampleGrant, sampleHome, sampleReceipt } from './sample-views.ts'

const contextIn = (language: Language): PageContext => ({
  language,
  operatorName: 'Golden State Data Cooperative',
  operatorEmail: 'help@gsdc.example',
  address: '/pge/gb-oauth/bright?f=KEY',
})
const en = contextIn('en')
const entries = { name: '', email: '', endDate: '2027-10-03', utilitySlug: '' }
const form = { view: sampleForm(plainTexts), entries, errors: {}, action: '/x', token: 't' }
const receipt = {
  view: sampleReceipt(plainTexts),
  address: '/receipt/k',
  token: 't',
  errors: {},
  endDate: null,
  notice: null,
}

/** What a reader sees of a page, in one line. */
const seen = (page: string): string =>
  page
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll('&#38;', '&')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ([.,:?])/g, '$1')

describe('the form', () => {
  it('says who asks for what, why, how far back, until when, how often, for whom, and how to stop', () => {
    const text = seen(formPage(en, form))
    for (const part of [
      'maria.lopez@example.com from Bright Roof Solar Inc. is asking for your energy data',
      'To size a solar and battery system for your home.',
      'Energy use over time',
      'Up to 24 months, back to October 1, 2024',
      'October 3, 2027, or another day that you choose',
      'At the latest: October 3, 2029',
      'About once a day',
      'Only Bright Roof Solar Inc., by way of Golden State Data Cooperative',
      'PDF copies of your bills: no utility hands them out this way',
      'You can stop at any time',
      'When sharing ends',
      'Text of version 2026-11.1.0123456789abcdef',
      'Continue to Final Step',
      'Decline',
    ]) {
      expect(text).toContain(part)
    }
  })

  it('has no pre-ticked box, and no utility chosen for the customer where several are offered', () => {
    const page = formPage(en, { ...form, view: sampleForm(plainTexts, { utility: null }) })
    expect(page).not.toContain('checked')
    expect(page.match(/type="radio"/g)).toHaveLength(2)
  })

  it('keeps what was typed, and ties each error to its field and to the summary above', () => {
    const page = formPage(en, {
      ...form,
      entries: { ...entries, name: 'Ann "Q" <b>', email: 'nonsense' },
      errors: { email: 'email', endDate: 'never_heard_of' },
    })
    expect(page).toContain('value="Ann &#34;Q&#34; &#60;b&#62;"')
    expect(page).toContain('value="nonsense"')
    expect(page).toContain('href="#email"')
    expect(page).toMatch(/aria-describedby="email-error email-hint"[^>]*aria-invalid="true"/)
    expect(seen(page)).toContain('2 fields need your attention Enter an email address in full')
    expect(seen(page)).toContain(messages.en.fieldErrors.endDate)
  })

  it('shows a raster logo inside the page, and never an SVG', () => {
    const bytes = new Uint8Array([1, 2, 3])
    const withLogo = (type: string): string =>
      formPage(en, { ...form, view: sampleForm(plainTexts, { logo: { type, bytes } }) })
    expect(withLogo('image/png')).toContain('src="data:image/png;base64,AQID" alt="Bright Roof Solar Inc."')
    expect(withLogo('image/svg+xml')).not.toContain('<img')
  })

  it('never links to anything but http and https', () => {
    const page = formPage(en, {
      ...form,
      view: sampleForm(plainTexts, { termsUrl: 'javascript:alert(1)', privacyUrl: 'data:text/html,x' }),
    })
    expect(page).not.toMatch(/javascript:|data:text/)
  })
})

describe('the final step', () => {
  it('says what is shared, what was left out, and the sooner of both ends', () => {
    const text = seen(finalPage(en, { view: sampleGrant(plainTexts), action: '/final/1', token: 't' }))
    expect(text).toContain('Not shared Bills Billing account Asked for, but you left it out')
    expect(text).toContain('2 electricity or gas services')
    expect(text).toContain('North Power and Light itself ends it sooner, on March 31, 2027')
    expect(text).toContain('Bright Roof Solar Inc. gets nothing until you confirm')
  })
})

describe('the receipt', () => {
  it('of a running share shows how to shorten and stop it', () => {
    const page = receiptPage(en, receipt)
    expect(page).toContain('action="/receipt/k/shorten"')
    expect(page).toContain('href="/receipt/k/revoke"')
    expect(page).toContain('href="https://utility.example/shared"')
    expect(seen(page)).toContain('October 3, 2026 at 5:05 PM UTC')
  })

  it('of a share that ran out says that the data are still held, and offers to have them deleted', () => {
    const page = receiptPage(en, { ...receipt, view: sampleReceipt(plainTexts, { state: 'expired' }) })
    expect(page).not.toContain('<form')
    expect(page).toContain('/revoke')
    expect(seen(page)).toContain('is still held for Bright Roof Solar Inc.')
    expect(seen(page)).not.toContain('has been deleted')
  })

  it.each(['revoked', 'abandoned', 'declined'])('of a share that is %s offers nothing to change', (state) => {
    const page = receiptPage(en, { ...receipt, view: sampleReceipt(plainTexts, { state, revoked: '2026-11-02' }) })
    expect(page).not.toContain('<form')
    expect(page).not.toContain('/revoke')
    expect(seen(page)).toContain('You no longer share energy data with Bright Roof Solar Inc.')
    expect(seen(page)).toContain('November 2, 2026')
  })

  it('names each third party that gets it too, with its own end, and how to stop those that still do', () => {
    const page = receiptPage(en, receipt)
    expect(page.match(/action="\/receipt\/k\/passed-on\/\d+\/stop"/g)).toEqual(['action="/receipt/k/passed-on/2/stop"'])
    expect(seen(page)).toContain('Data Energy use over time Until June 30, 2027')
    expect(seen(page)).toContain('Data Bills Ended on October 5, 2026')
    expect(seen(page)).toContain('With Bright Roof Solar')
    const alone = seen(receiptPage(en, { ...receipt, view: sampleReceipt(plainTexts, { passedOn: [] }) }))
    expect(alone).toContain('With Only Bright Roof Solar')
    expect(alone).not.toContain('Who else')
  })

  it('says whether the utility has been told', () => {
    const told = (utilityTold: boolean): string =>
      seen(receiptPage(en, { ...receipt, view: sampleReceipt(plainTexts, { state: 'revoked', utilityTold }) }))
    expect(told(true)).toContain('North Power and Light has been told')
    expect(told(false)).toContain('has not confirmed it yet')
  })

  it('asks before it stops, and says what stopping does', () => {
    const text = seen(revokePage(en, { view: sampleReceipt(plainTexts), address: '/receipt/k', token: 't' }))
    for (const part of ['we tell North Power and Light', 'ends at once', 'is deleted', 'Keep sharing']) {
      expect(text).toContain(part)
    }
  })
})

describe('other pages', () => {
  const isDeadEnd = (name: string): name is DeadEnd => name in deadEndStatus
  const ends = Object.keys(deadEndStatus).filter(isDeadEnd)

  it.each(ends)('the dead end %s says why in both languages, and how to go on', (end) => {
    for (const language of ['en', 'es'] as const) {
      const { title, text, next } = messages[language].deadEnds[end]
      const shown = seen(deadEndPage(contextIn(language), { end, retry: '/again' }))
      expect(shown).toContain(title)
      expect(shown).toContain(text)
      expect(shown).toContain(next)
      expect(deadEndPage(contextIn(language), { end, retry: '/again' })).toContain('href="/again"')
    }
  })

  it('availability says that no utility delivers bill PDFs', () => {
    const products = { meters: true, bills: true, intervals: true, accounting: false, billPdfs: false } as const
    const utility = { id: 'X', slug: 'x', name: 'X Power', products, dataLagDays: 2, espi: { historyDays: 1461 } }
    const text = seen(availabilityPage(en, [utility]))
    expect(text).toContain('No utility’s interface delivers PDF copies of bills')
    expect(text).toContain('X Power ✓ yes ✓ yes ✓ yes – no – no 48 months about 2 days')
  })

  it('home tells customers of a real server nothing about others', () => {
    const view = sampleHome(plainTexts)
    expect(homePage(en, view)).toContain('curl -H &#39;Authorization: Bearer gbp_example&#39;'.replaceAll('&#39;', "'"))
    expect(homePage(en, { ...view, demo: null })).not.toContain('María López')
  })

  it('home renews itself only while something is on its way', () => {
    const view = sampleHome(plainTexts)
    const [one] = view.arrived.recent
    const withState = (state: string, readings: number): boolean =>
      isUnderWay({ ...view, arrived: { ...view.arrived, recent: one ? [{ ...one, state, readings }] : [] } })
    expect([withState('active', 5), withState('active', 0), withState('pending', 0), withState('revoked', 0)]).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('leads away over http and https only', () => {
    expect(leaveAddress('https://utility.example/a?b=c&d=ñ')).toBe('https://utility.example/a?b=c&d=%C3%B1')
    expect(() => leaveAddress('javascript:alert(1)')).toThrow('not an address to go to')
  })
})
