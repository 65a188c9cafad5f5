import { AxeBuilder } from '@axe-core/playwright'
import fastify from 'fastify'
import { type Browser, type Page } from 'playwright-core'

import { securityHeaders } from '../src/pages/security-headers.ts'
import { stylesheet } from '../src/pages/stylesheet.ts'
import { chromiumPath, launchChromium } from './chromium.ts'

/** The classes of text that have broken pages elsewhere (acceptance, 2.9). */
export const HOSTILE: Record<string, string> = {
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

type Visit = { page: Page; complaints: string[] }

/** Pages that were rendered, in a real browser, served with the headers of ours. */
export type PageVisits = {
  /** A page in a browser of its own, and all that must not happen in it: dialogs, refused content, foreign requests. */
  open(html: string): Promise<Visit>
  /** Shows each page at each width and collects what `look` finds, and what the browser complained of meanwhile. */
  faultsOf(
    pages: Record<string, string>,
    look: (page: Page) => Promise<string[]>,
    widths: readonly number[],
  ): Promise<string[]>
  close(): Promise<void>
}

export async function openPageVisits(): Promise<PageVisits> {
  const served = new Map<string, string>()
  let origin = ''
  const server = fastify()
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers(securityHeaders(origin))
  })
  server.get(stylesheet.url, (_request, reply) => reply.type('text/css').send(stylesheet.text))
  server.get<{ Params: { name: string } }>('/page/:name', (request, reply) =>
    reply.type('text/html; charset=utf-8').send(served.get(request.params.name)),
  )
  origin = await server.listen({ port: 0, host: '127.0.0.1' })
  const browser: Browser | null = chromiumPath === null ? null : await launchChromium()

  async function visit(): Promise<Visit> {
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
      if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
        complaints.push(`to ${request.url()}`)
    })
    return { page, complaints }
  }

  async function show(page: Page, name: string, html: string): Promise<void> {
    served.set(name, html)
    await page.goto(`${origin}/page/${name}`)
  }

  return {
    async open(html) {
      const opened = await visit()
      await show(opened.page, 'one', html)
      return opened
    },
    async faultsOf(pages, look, widths) {
      const { page, complaints } = await visit()
      const faults: string[] = []
      for (const [name, html] of Object.entries(pages)) {
        await show(page, name, html)
        for (const width of widths) {
          await page.setViewportSize({ width, height: 800 })
          faults.push(...(await look(page)).map((fault) => `${name} at ${width}: ${fault}`))
        }
      }
      await page.context().close()
      return [...faults, ...complaints]
    },
    async close() {
      await browser?.close()
      await server.close()
    },
  }
}

/** A string, since this project knows no DOM: how far the page is too wide, and whether its heading is in sight. */
const LAYOUT = `(() => {
  const root = document.documentElement
  const heading = document.querySelector('h1')
  return [root.scrollWidth - root.clientWidth, heading && heading.getBoundingClientRect().width > 0 ? 1 : 0]
})()`

export async function layoutFaults(page: Page): Promise<string[]> {
  const [over = 0, seen = 0] = await page.evaluate<number[]>(LAYOUT)
  return [over > 0 ? `${over} px too wide` : null, seen ? null : 'no heading'].filter((fault) => fault !== null)
}

export async function axeFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id} at ${nodes.map(({ html }) => html).join(' ')}`)
}

/** axe is a script and the customer's browser runs none, so that a twin with the same cookies opens the same page. */
export async function twinFaults(page: Page): Promise<string[]> {
  const browser = page.context().browser()
  if (browser === null) throw new Error('no browser')
  const storageState = await page.context().storageState()
  const context = await browser.newContext({ viewport: page.viewportSize(), storageState })
  const twin = await context.newPage()
  await twin.goto(page.url())
  const faults = [...(await axeFaults(twin)), ...(await layoutFaults(twin))]
  await context.close()
  return faults
}

/** Presses Tab until this has the focus; a customer without a mouse must be able to get everywhere. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let count = 0; count < 60; count++) {
    await page.keyboard.press('Tab')
    if ((await page.locator(`${selector}:focus`).count()) > 0) return
  }
  throw new Error(`the keyboard does not reach ${selector} at ${page.url()}`)
}

/** Writes into a field by keyboard, over what stands in it. */
export async function retype(page: Page, selector: string, text: string): Promise<void> {
  await tabTo(page, selector)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(text)
}
