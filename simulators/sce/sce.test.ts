import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSimulators, type Simulators } from '../index.ts'
import { addFeed, emptySums, ledgerFrom, type Sums } from '../test-sums.ts'
import {
  admin,
  all,
  authorizations,
  type Api,
  apiOf,
  linkOf,
  listenForNotifications,
  type Listener,
  parse,
  press,
  resourcesOf,
  share,
  text,
  visit,
} from '../test-client.ts'

const clock = '2026-07-15T19:00:00Z'
let simulators: Simulators
let listener: Listener
let api: Api

beforeAll(async () => {
  listener = await listenForNotifications()
  simulators = await startSimulators({ seed: 5, clock, historyMonths: 1, thirdParties: { sce: listener } })
  api = apiOf(simulators.sce)
})

afterAll(async () => {
  await api.close()
  await simulators.close()
  await listener.close()
})

/** A fresh client token: the virtual clock outruns old ones. */
const clientToken = async (): Promise<string> =>
  String((await api.token({ grant_type: 'client_credentials' })).json['access_token'])

type Shared = { subscription: string; customer: string; access: string; refresh: string; files: string[] }

/** Shares and waits for the files that are announced. */
const shareAndWait = async (login: string, changes?: Record<string, string | null>): Promise<Shared> => {
  const before = listener.bodies.length
  const back = await share(simulators.sce, login, {
    redirectUri: listener.redirectUri,
    ...(changes ? { changes } : {}),
  })
  const { json } = await api.token({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: listener.redirectUri,
  })
  await listener.next(before + 1)
  return {
    subscription: String(json['resourceURI']).split('/').at(-1) ?? '',
    customer: String(json['customerResourceURI']).split('/').at(-1) ?? '',
    access: String(json['access_token']),
    refresh: String(json['refresh_token']),
    files: resourcesOf(listener.bodies[before] ?? ''),
  }
}

const addFiles = async (sums: Sums, files: readonly string[]): Promise<void> => {
  for (const file of files.filter((f) => !f.includes('_RCUST_'))) {
    const answer = await api.get(file, await clientToken())
    expect(answer.status).toBe(200)
    addFeed(sums, parse(answer.body))
  }
}

test.each(['home', 'solar', 'shop', 'new', 'accounts'])('the files of %s hold what the ledger says', async (login) => {
  const { subscription, files } = await shareAndWait(login)
  const sums = emptySums()
  await addFiles(sums, files)
  expect(await admin(simulators.sce, 'GET', `/ledger?subscription=${subscription}`)).toMatchObject(ledgerFrom(sums))
})

test('file names carry BulkID, kind, date, time and number, and a customer without accounts gets a customer file only', async () => {
  const { files } = await shareAndWait('empty')
  expect(files).toHaveLength(1)
  const home = await shareAndWait('home')
  const { bulkId } = simulators.sce.registration
  expect(bulkId).toMatch(/^[A-Z]{14}$/)
  const kinds = home.files.map(
    (file) => new RegExp(`/Batch/Bulk/${bulkId}/${bulkId}_([A-Z]+)_20260715_120000_\\d+\\.XML$`).exec(file)?.[1],
  )
  expect(kinds).toEqual(['RCUST', 'REVQ', 'UNBQ'])
})

test('the customer key of the token answer and the usage point codes join the three files', async () => {
  const { customer, files } = await shareAndWait('accounts')
  expect(customer).toMatch(/^[A-Z0-9]{9}$/)
  const [rcust, revq, unbq] = await Promise.all(
    files.map(async (file) => parse((await api.get(file, await clientToken())).body)),
  )
  const codes = (feed: typeof rcust, kind: string): string[] =>
    (feed ? all(feed, 'entry') : [])
      .filter((e) => all(e, kind).length > 0)
      .map((e) => linkOf(e, 'self').split('/').at(-1) ?? '')
      .sort()
  expect(codes(rcust, 'CustomerAgreement')).toEqual(codes(revq, 'UsagePoint'))
  expect(codes(unbq, 'UsagePoint')).toEqual(codes(revq, 'UsagePoint'))
  expect(linkOf(all(revq ?? parse('<a/>'), 'entry')[1] ?? parse('<a/>'), 'self')).toContain(
    `/RetailCustomer/${customer}/UsagePoint/`,
  )
})

test('billing periods begin at midnight UTC, kind 1 gives the total and kind 2 the lines, and both agree', async () => {
  const { files } = await shareAndWait('shop')
  const feed = parse((await api.get(files.find((f) => f.includes('REVQ')) ?? '', await clientToken())).body)
  const summaries = all(feed, 'UsageSummary')
  for (const summary of summaries) expect(Number(text(summary, 'billingPeriod', 'start')) % 86_400).toBe(0)
  const totals = summaries.filter((s) => text(s, 'billLastPeriod') !== null)
  expect(totals.map((s) => text(s, 'costAdditionalLastPeriod'))).toEqual(['10', '0'])
  const details = summaries.filter((s) => text(s, 'billLastPeriod') === null)
  expect(details).toHaveLength(1)
  const last = details.find((s) => text(s, 'billingPeriod', 'start') === text(totals[0], 'billingPeriod', 'start'))
  const sum = (last ? all(last, 'amount') : []).reduce((total, amount) => total + Number(amount.text), 0)
  expect(String(sum)).toBe(text(totals[0], 'billLastPeriod'))
})

test('a new day brings one file for all customers, and the files together still hold what the ledger says', async () => {
  await admin(simulators.sce, 'PUT', '/clock', { clock })
  const home = await shareAndWait('home')
  const solar = await shareAndWait('solar')
  const sums = emptySums()
  await addFiles(sums, [...home.files, ...solar.files])
  for (let day = 0; day < 35; day += 5) {
    const before = listener.bodies.length
    await admin(simulators.sce, 'POST', '/new-day', { days: 5 })
    await listener.next(before + 1)
    await addFiles(sums, resourcesOf(listener.bodies[before] ?? ''))
  }
  const points = async (subscription: string): Promise<string[]> => {
    return (await authorizations(simulators.sce)).find((a) => a.id === subscription)?.agreements ?? []
  }
  for (const { subscription } of [home, solar]) {
    const own = await points(subscription)
    const part: Sums = {
      points: new Set([...sums.points].filter((p) => own.includes(p))),
      readings: new Map([...sums.readings].filter(([key]) => own.includes(key.split('|')[0] ?? ''))),
      bills: new Map([...sums.bills].filter(([key]) => own.includes(key.split('|')[0] ?? ''))),
    }
    const ledger = await admin(simulators.sce, 'GET', `/ledger?subscription=${subscription}`)
    expect(ledger).toMatchObject({ ...ledgerFrom(part) })
    expect(ledger).toMatchObject({ billing_summaries: 2 })
  }
})

test('a correction and a re-bill come as files of their own', async () => {
  const { subscription, files } = await shareAndWait('home')
  const sums = emptySums()
  await addFiles(sums, files)
  for (const [path, body] of [
    ['/correct', { login: 'home' }],
    ['/rebill', { login: 'home', amount: -7.5 }],
  ] as const) {
    const before = listener.bodies.length
    await admin(simulators.sce, 'POST', path, body)
    await listener.next(before + 1)
    await addFiles(sums, resourcesOf(listener.bodies[before] ?? ''))
  }
  expect(await admin(simulators.sce, 'GET', `/ledger?subscription=${subscription}`)).toMatchObject(ledgerFrom(sums))
})

test('files open to the client token only, go after their time, and revoking empties them', async () => {
  const { files, access, refresh, subscription } = await shareAndWait('home')
  const [file = ''] = files
  expect((await api.get(file, access)).status).toBe(403)
  expect((await api.get(file)).status).toBe(401)
  expect((await api.get(`${file}x`, await clientToken())).status).toBe(404)
  expect((await api.get('/DataCustodian/espi/1_1/resource/ReadServiceStatus', await clientToken())).status).toBe(200)
  const before = listener.bodies.length
  await admin(simulators.sce, 'POST', '/revoke', { subscription })
  await listener.next(before + 1)
  expect(resourcesOf(listener.bodies[before] ?? '')[0]).toMatch(new RegExp(`/Authorization/${subscription}$`))
  const ended = await api.get(`/DataCustodian/espi/1_1/resource/Authorization/${subscription}`, await clientToken())
  expect(text(all(parse(ended.body), 'Authorization')[0], 'status')).toBe('0')
  expect((await api.token({ grant_type: 'refresh_token', refresh_token: refresh })).json['error']).toBe('invalid_grant')
})

test('asking for the bulk announces the kept files again', async () => {
  const { files } = await shareAndWait('new')
  const before = listener.bodies.length
  expect(
    (
      await api.get(
        `/DataCustodian/espi/1_1/resource/Batch/Bulk/${simulators.sce.registration.bulkId}`,
        await clientToken(),
      )
    ).status,
  ).toBe(202)
  await listener.next(before + 1)
  expect(resourcesOf(listener.bodies[before] ?? '')).toEqual(expect.arrayContaining(files))
})

test('canceling on any page comes back as access_denied', async () => {
  const query = new URLSearchParams({
    client_id: simulators.sce.registration.clientId,
    redirect_uri: listener.redirectUri,
    response_type: 'code',
    state: 's',
    scope: 'FB=1_3_4',
  })
  const first = await visit(`${simulators.sce.pages}/DataCustodian/oauth/authorize?${query.toString()}`)
  const terms = await press(first, '/sign-in', 'sign-in', { login: 'home', password: 'demo' })
  const accounts = await press(terms, '/terms', 'continue')
  const none = await press(accounts, '/submit', 'submit', { account: null })
  expect([none.status, none.body.includes('at least one')]).toEqual([400, true])
  expect((await press(accounts, '/submit', 'cancel')).location).toBe(
    `${listener.redirectUri}?error=access_denied&state=s`,
  )
})
