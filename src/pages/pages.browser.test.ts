import { AxeBuilder } from '@axe-core/playwright'
import fastify, { type FastifyInstance } from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { chromiumPath, launchChromium, reportNoChromium } from '../../test/chromium.ts'
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
import { securityHeaders } from './security-headers.ts'
import { stylesheet } from './stylesheet.ts'

/** The classes of text that have broken pages elsewhere (acceptance, 2.9). */
const HOSTILE: Record<string, string> = {
  'a script': '<script>alert(1)</script>',
  'an event handler': '"><img src=x onerror=alert(1)>',
  'a closing tag': '</title></style></textarea></main></body>',
  'a template': '${alert(1)} {{7*7}} <%= 1 %> #{1}',
  'a script address': 'javascript:alert(document.domain)',
  entities: '&lt;b&gt; &#60;script&#62; &amp;amp;',
  'right to left': 'شركة الطاقة الشمسية "المحدودة"',
  'an override of direction': 'Acme \u202e\u2066moc.live\u2069 Inc',
  'invisible letters': 'A\u200bc\u2060m\ufeffe \u00ad\u{e0041}Corp\u0000\u0007',
  'stacked marks': `Z${'\u0351\u0343\u0316'.repeat(60)}algo`,
  emoji: '👩‍👩‍👧‍👦🏳️‍🌈 🇺🇸 💡',
  'no blank in 1,000 letters': 'W'.repeat(1000),
  'blanks and lines': ' \t a \r\n\r\n b \u00a0\u2028 ',
  quotes: `O'Neill & "Sons" \`LLC\` \\ %00 %3Cb%3E`,
  'scripts without blanks': '東京電力エナジーパートナー株式会社'.repeat(12),
  'half a letter': 'A\ud800Z \udfff',
}

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

const served = new Map<string, string>()
let server: FastifyInstance
let origin = ''
let browser: Browser | null = null

beforeAll(async () => {
  server = fastify()
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers(securityHeaders(origin))
  })
  server.get(stylesheet.url, (_request, reply) => reply.type('text/css').send(stylesheet.text))
  server.get<{ Params: { name: string } }>('/page/:name', (request, reply) =>
    reply.type('text/html; charset=utf-8').send(served.get(request.params.name)),
  )
  origin = await server.listen({ port: 0, host: '127.0.0.1' })
  browser = chromiumPath === null ? null : await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server.close()
})

type Visit = { page: Page; complaints: string[] }

/** A page in a browser of its own, and all that must not happen in it: dialogs, refused content, foreign requests. */
async function openPage(): Promise<Visit> {
  if (browser === null) throw new Error('no browser')
  const context = await browser.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('dialog', (dialog) => {
    complaints.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => complaints.push(`console ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(`error ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) complaints.push(`to ${request.url()}`)
  })
  return { page, complaints }
}

/** Shows each page at each width and collects what `look` finds, and what the browser complained of meanwhile. */
async function faultsOf(
  pages: Record<string, string>,
  look: (page: Page) => Promise<string[]>,
  widths: readonly number[],
): Promise<string[]> {
  const { page, complaints } = await openPage()
  const faults: string[] = []
  for (const [name, html] of Object.entries(pages)) {
    served.set(name, html)
    await page.goto(`${origin}/page/${name}`)
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 })
      faults.push(...(await look(page)).map((fault) => `${name} at ${width}: ${fault}`))
    }
  }
  await page.context().close()
  return [...faults, ...complaints]
}

/** A string, since this project knows no DOM: how far the page is too wide, and whether its heading is in sight. */
const LAYOUT = `(() => {
  const root = document.documentElement
  const heading = document.querySelector('h1')
  return [root.scrollWidth - root.clientWidth, heading && heading.getBoundingClientRect().width > 0 ? 1 : 0]
})()`

async function layoutFaults(page: Page): Promise<string[]> {
  const [over = 0, seen = 0] = await page.evaluate<number[]>(LAYOUT)
  return [over > 0 ? `${over} px too wide` : null, seen ? null : 'no heading'].filter((fault) => fault !== null)
}

async function axeFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html).join(' ')}`)
}

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
      expect(await faultsOf(pagesWith(plainTexts, language), axeFaults, [width])).toEqual([])
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
      expect(await faultsOf(Object.fromEntries(pages), layoutFaults, widths)).toEqual([])
    },
  )

  it('the form is filled in by keyboard alone, in the order in which it is read', async () => {
    const { page } = await openPage()
    served.set('form', pagesWith(plainTexts, 'en')['errors'] ?? '')
    await page.goto(`${origin}/page/form`)
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
    const { page } = await openPage()
    served.set('receipt', pagesWith(plainTexts, 'en')['receipt'] ?? '')
    await page.goto(`${origin}/page/receipt`)
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
