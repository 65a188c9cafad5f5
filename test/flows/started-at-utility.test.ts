import { afterAll, beforeAll, expect, it } from 'vitest'

import { openBrowser, type Page } from '../../src/authorization/scripted-browser.ts'
import { type RunningApp, startRunningApp, untilCollected } from '../running-app.ts'

let running: RunningApp
beforeAll(async () => {
  running = await startRunningApp({ historyMonths: 2, customers: 20 })
})
afterAll(async () => await running.close())

const newest = async (): Promise<string> => (await running.api('/events')).body.events[0].authorization_uid
const authorizationOf = async (uid: string): Promise<Record<string, unknown>> =>
  (await running.api(`/authorizations/${uid}`)).body

it.each(['pge', 'sce'] as const)(
  '%s: from the utility’s own portal to the receipt, without a second sign-in',
  async (utility) => {
    const browser = openBrowser()
    const portal = await browser.open(`${running.simulators[utility].pages}/portal`)
    const landing = await browser.submit(portal, /third party/i, { login: 'home', password: 'demo' })
    expect(landing.status).toBe(200)
    expect(new URL(landing.url).origin).toBe(running.url)
    expect(landing.html).toContain('Sunrise Solar (demo)')
    // Nothing of what the utility sent along comes back out.
    const link = /href="([^"]*gb-oauth[^"]*)"/.exec(landing.html)?.[1] ?? ''
    expect(link).toBe(`/${utility}/gb-oauth/sunrise-solar?lang&#61;en`)
    let page = await browser.open(new URL(link.replace('&#61;', '='), landing.url).href)
    page = await browser.submit(page, /Continue to Final Step/, { name: 'Pat', email: `${utility}@example.com` })
    expect(page.html).not.toContain('name="password"')
    if (utility === 'sce') page = await browser.submit(page, /continue/i)
    page = await browser.submit(page, /submit/i, { agree: 'yes' })
    page = await browser.submit(page, /Continue to Final Step/)
    expect(page.url).toContain('/receipt/')
    const authorizationUid = await newest()
    await untilCollected(running, authorizationUid)
    expect((await running.api(`/meters?authorizations=${authorizationUid}`)).body.meters).toHaveLength(1)
  },
  120_000,
)

it('the redirect exactly as PG&E was seen to send it opens the choice of companies', async () => {
  const query =
    'scope=FB=1_3_8_13_14_18_19_31_32_35_37_38_39_40_4_5_10_15_16_46_47;IntervalDuration=900_3600;BlockDuration=Daily;' +
    'HistoryLength=63072000;SubscriptionFrequency=Daily;AccountCollection=2;BR=50036&dataCustodianId=PGE;'
  const response = await fetch(`${running.url}/utilities/pge/portal?${query}`)
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('Sunrise Solar (demo)')
})

it.each([
  ['pge', 'scope=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&redirect_uri=https://evil.example&lang=es', 200],
  ['sce', 'scope=FB%3D4_5&scope=FB%3D16&DataCustodianID=SCE', 200],
  ['pge', 'dataCustodianId=SCE;', 404],
  ['xyz', 'scope=FB=4', 404],
])('%s with %s is %i, and nothing of it stands in the page', async (utility, query, status) => {
  const response = await fetch(`${running.url}/utilities/${utility}/scope?${query}`, { redirect: 'manual' })
  expect(response.status).toBe(status)
  expect(response.headers.get('location')).toBeNull()
  const html = await response.text()
  expect(html).not.toContain('<script')
  expect(html).not.toMatch(/href="https?:\/\/evil/)
})

async function asGuest(login: string, email: string): Promise<{ browser: ReturnType<typeof openBrowser>; page: Page }> {
  const household = await running.admin('pge', 'GET', `/customers?login=${login}`)
  const browser = openBrowser()
  let page = await browser.open(running.formUrl('pge'))
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Guest', email })
  const [account] = household.accounts
  page = await browser.submit(page, /guest/i, { account_number: account.number, phone: household.phone, email })
  return { browser, page }
}

it('a guest without an online account at PG&E shares like anybody else', async () => {
  const { browser, page } = await asGuest('customer000003', 'guest@example.com')
  const final = await browser.submit(page, /submit/i, { agree: 'yes' })
  const receipt = await browser.submit(final, /Continue to Final Step/)
  expect(receipt.url).toContain('/receipt/')
  await untilCollected(running, await newest())
}, 60_000)

it('a guest with a wrong number stays at the utility, and nothing is stored here', async () => {
  const before = await running.database.admin('select count(*)::int as n from authorizations')
  const browser = openBrowser()
  let page = await browser.open(running.formUrl('pge'))
  page = await browser.submit(page, /Continue to Final Step/, { name: 'Guest', email: 'wrong@example.com' })
  page = await browser.submit(page, /guest/i, { account_number: '00000000000', phone: '5550000000' })
  expect(page.status).toBe(401)
  expect(await running.database.admin('select count(*)::int as n from authorizations')).toEqual(before)
})

it('a shorter end that the customer chooses at PG&E is what the record, the receipt and the API say', async () => {
  const { browser, page: choices } = await running.toChoices('pge', 'customer000004')
  const last = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10)
  const final = await browser.submit(choices, /submit/i, { agree: 'yes', end: 'date', end_date: last })
  expect(final.html).toContain('itself ends it sooner')
  const receipt = await browser.submit(final, /Continue to Final Step/)
  const uid = await newest()
  const [row] = await running.database.admin(
    `select a.expires, c.ends, c.text_shown from authorizations a join consents c using (authorization_uid) where a.authorization_uid = $1`,
    [uid],
  )
  expect(row?.['expires']).toEqual(row?.['ends'])
  expect(row?.['text_shown']).toContain(`Until: the end of ${last}.`)
  const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
  expect(receipt.html.replaceAll(/\s+/g, ' ')).toContain(day.format(new Date(`${last}T12:00:00Z`)))
  expect(String((await authorizationOf(uid))['expires'])).toMatch(
    new RegExp(`^${new Date(String(row?.['expires'])).toISOString().slice(0, 13)}`),
  )
}, 60_000)

it('an end before tomorrow is refused by PG&E, as we asked', async () => {
  const { browser, page: choices } = await running.toChoices('pge', 'customer000005')
  const today = new Intl.DateTimeFormat('sv', { timeZone: 'America/Los_Angeles' }).format(new Date())
  const page = await browser.submit(choices, /submit/i, { agree: 'yes', end: 'date', end_date: today })
  expect(page.status).toBe(400)
})
