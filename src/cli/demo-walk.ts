import { setTimeout } from 'node:timers/promises'

import { z } from 'zod'

import { getJson } from './demo-totals.ts'
import { type Browser, openBrowser, type Page } from '../authorization/scripted-browser.ts'

/** One customer of the demo: who signs in where, and what is pressed on the utility's pages. */
export type DemoCustomer = {
  utility: string
  login: string
  password: string
  name: string
  email: string
  /** Buttons of the utility's pages after signing in, with fields that are not filled in yet. */
  pages: { button: RegExp; fields?: Record<string, string> }[]
}

export const WALKS: readonly DemoCustomer[] = [
  {
    utility: 'PG&E',
    ...{ login: 'solar', password: 'demo', name: 'Dana Núñez', email: 'dana@example.com' },
    pages: [{ button: /submit/i, fields: { agree: 'yes' } }],
  },
  {
    utility: 'SCE',
    ...{ login: 'home', password: 'demo', name: 'Lee Okafor', email: 'lee@example.com' },
    pages: [{ button: /continue/i }, { button: /submit/i }],
  },
]

export type Walked = { authorizationUid: string; subscription: string; firstDataMs: number; allDataMs: number }

type Run = { script: DemoCustomer; form: string; admin: string; shown: { apiUrl: string; token: string } }

const PATIENCE_MS = 180_000
const POLL_MS = 50

/** Walks one customer's path from the form's link to collected data, as their browser and the company's program would. */
export async function walk({ script, form, admin, shown }: Run, say: (line: string) => void): Promise<Walked> {
  const before = new Set((await authorizations(shown)).map(({ uid }) => uid))
  const browser = openBrowser()
  const began = await share(browser, { script, form }, say)
  const created = (await authorizations(shown)).find(({ uid }) => !before.has(uid))
  if (!created) throw new Error('no authorization came of it')
  const { firstDataMs, allDataMs } = await untilCollected(shown, { uid: created.uid, began }, say)
  const subscription = await newestSubscription(admin)
  return { authorizationUid: created.uid, subscription, firstDataMs, allDataMs }
}

/** From the form to the receipt. Returns when the final step was clicked (performance.now()). */
async function share(
  browser: Browser,
  { script, form }: Pick<Run, 'script' | 'form'>,
  say: (line: string) => void,
): Promise<number> {
  let page = await browser.open(form)
  say(`  form                    ${titleOf(page)}`)
  page = await browser.submit(page, /Continue to Final Step/, { name: script.name, email: script.email })
  say(`  the utility's sign-in   ${titleOf(page)}`)
  page = await browser.submit(page, /sign in/i, { login: script.login, password: script.password })
  for (const { button, fields } of script.pages) {
    say(`  the utility's page      ${titleOf(page)}`)
    page = await browser.submit(page, button, fields)
  }
  say(`  back on our form        ${titleOf(page)}`)
  const began = performance.now()
  page = await browser.submit(page, /Continue to Final Step/)
  say(`  receipt                 ${titleOf(page)}`)
  return began
}

const meterList = z.object({
  meters: z.array(z.object({ status: z.string(), interval_count: z.number(), bill_count: z.number() })),
})
const authorizationList = z.object({ authorizations: z.array(z.object({ uid: z.string(), status: z.string() })) })

async function authorizations(shown: Run['shown']): Promise<{ uid: string; status: string }[]> {
  return authorizationList.parse(await getJson(shown, '/authorizations')).authorizations
}

async function untilCollected(
  shown: Run['shown'],
  { uid, began }: { uid: string; began: number },
  say: (line: string) => void,
): Promise<{ firstDataMs: number; allDataMs: number }> {
  let firstDataMs: number | null = null
  let told = -1
  for (;;) {
    const { meters } = meterList.parse(await getJson(shown, `/meters?authorizations=${uid}`))
    const elapsed = Math.round(performance.now() - began)
    const readings = meters.reduce((sum, meter) => sum + meter.interval_count, 0)
    const bills = meters.reduce((sum, meter) => sum + meter.bill_count, 0)
    if (firstDataMs === null && readings + bills > 0) firstDataMs = elapsed
    if (Math.floor(elapsed / 1000) > told) {
      told = Math.floor(elapsed / 1000)
      say(
        `  collecting ${String(told).padStart(3)} s        ${meters.length} meters, ${readings} readings, ${bills} bills`,
      )
    }
    const [authorization] = (await authorizations(shown)).filter((one) => one.uid === uid)
    if (authorization?.status === 'updated' && meters.length > 0)
      return { firstDataMs: firstDataMs ?? elapsed, allDataMs: elapsed }
    if (authorization?.status === 'errored') throw new Error(`collection of authorization ${uid} ended with an error`)
    if (elapsed > PATIENCE_MS)
      throw new Error(`collection of authorization ${uid} took longer than ${PATIENCE_MS / 1000} s`)
    await setTimeout(POLL_MS)
  }
}

const granted = z.array(z.object({ subscription: z.coerce.string(), status: z.number() }))

/** The utility's own id of the share that it granted last. */
async function newestSubscription(admin: string): Promise<string> {
  const response = await fetch(`${admin}/_admin/authorizations`)
  const newest = granted.parse(await response.json()).findLast(({ status }) => status === 1)
  if (!newest) throw new Error('the simulated utility knows of no share')
  return newest.subscription
}

function titleOf({ html, status }: Page): string {
  const title = /<title>([^<]*)<\/title>/i.exec(html)?.[1]?.trim() ?? ''
  return `${title.replaceAll('&amp;', '&')}${status === 200 ? '' : ` (status ${status})`}`
}
