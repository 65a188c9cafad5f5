import { type Browser, openBrowser, type Page } from '../../../src/authorization/scripted-browser.ts'
import type { UtilitySlug } from '../../running-app.ts'
import type { Bench } from './bench.ts'

/** A customer whose clicks may meet a dead server: they come back to where they were. */
export type Customer = {
  email: string
  utility: UtilitySlug
  /** From the form to the page of the final step. */
  toFinalStep(): Promise<void>
  /** Presses the last button; the page of the receipt. */
  confirm(): Promise<void>
  /** After a crash: goes on from the last page that was seen, or from the form where that leads nowhere. */
  goOn(): Promise<void>
  /** The whole way once more, from the form. */
  shareAgain(): Promise<void>
  receipt(): Page | null
  browser: Browser
}

const PASSWORDS: Record<UtilitySlug, string> = { pge: 'demo', sce: 'demo', demo: 'test' }
let customers = 0

/** Somebody new, at the utility too. */
export function newCustomer(bench: Bench, utility: UtilitySlug): Customer {
  const login = `customer${String(++customers).padStart(6, '0')}`
  const email = `${login}@example.com`
  const browser = openBrowser()
  let final: Page | null = null
  let receipt: Page | null = null

  async function toFinalStep(): Promise<void> {
    let page = await browser.open(`${bench.url}/${utility}/gb-oauth/sunrise-solar`)
    page = await browser.submit(page, /Continue to Final Step/, { name: 'Pat Example', email })
    page = await browser.submit(page, /sign in/i, { login, password: PASSWORDS[utility] })
    if (utility === 'sce') page = await browser.submit(page, /continue/i)
    page = await browser.submit(page, /submit|share|authorize|allow/i, utility === 'pge' ? { agree: 'yes' } : {})
    if (page.status !== 200 || !page.url.includes('/final/'))
      throw new Error(`not at the final step but at ${page.url} (${page.status})`)
    final = page
  }
  async function confirm(): Promise<void> {
    if (final === null) throw new Error('not at the final step')
    const page = await browser.submit(final, /Continue to Final Step/)
    if (!page.url.includes('/receipt/')) throw new Error(`no receipt at ${page.url} (${page.status})`)
    receipt = page
  }
  return {
    ...{ email, utility, browser, toFinalStep, confirm },
    async goOn() {
      if (receipt !== null) return
      if (final === null) await toFinalStep()
      await confirm()
    },
    async shareAgain() {
      await toFinalStep()
      await confirm()
    },
    receipt: () => receipt,
  }
}
