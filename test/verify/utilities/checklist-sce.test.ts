import { expect, test } from 'vitest'

import {
  all,
  apiOf,
  formsOf,
  type Node,
  parse,
  press,
  text,
  visit,
  type Visit,
} from '../../../simulators/test-client.ts'
import { openBench, texts } from './checklist-bench.ts'

const bench = openBench('sce', { historyMonths: 1 })

type File = { address: string; kind: string; status: number; body: string }

/** Fetches what one notification names, with a client token. */
const fetchAll = async (addresses: readonly string[]): Promise<File[]> => {
  const token = await bench().clientToken()
  return Promise.all(
    addresses.map(async (address) => {
      const { status, body } = await bench().api.get(address, token)
      return { address, kind: /_([A-Z]+)_\d{8}_/.exec(address)?.[1] ?? '', status, body }
    }),
  )
}

/** Shares, and gives the files that are announced. */
const shared = async (
  login: string,
  changes?: Record<string, string | null>,
): Promise<{ id: string; files: File[] }> => {
  let id = ''
  const [addresses = []] = await bench().announced(async () => {
    ;({ id } = await bench().grant(login, changes))
  })
  return { id, files: await fetchAll(addresses) }
}

const bodyOf = (files: readonly File[], kind: string): string => files.find((f) => f.kind === kind)?.body ?? ''

const resourcesOf = (body: string, kind: string): Node[] => (body === '' ? [] : all(parse(body), kind))

test('D3.1 no client certificate is asked for, unless a setting says so', async () => {
  const { utility, admin, base, clientToken } = bench()
  expect(utility.registration.certificate).toBeNull()
  const bare = apiOf(utility, null)
  const token = await clientToken()
  expect((await bare.get(`${base}/ReadServiceStatus`, token)).status).toBe(200)
  await admin('PUT', '/settings', { needsCertificate: true })
  expect((await bare.get(`${base}/ReadServiceStatus`, token)).status).toBe(403)
  await admin('PUT', '/settings', { needsCertificate: false })
  await bare.close()
})

const authorizeQuery = (): string =>
  new URLSearchParams({
    client_id: bench().utility.registration.clientId,
    redirect_uri: bench().listener.redirectUri,
    response_type: 'code',
    scope: 'FB=1_3_4',
  }).toString()

const toAccounts = async (first: Visit): Promise<Visit> => {
  const terms = await press(first, '/sign-in', 'sign-in', { login: 'home', password: 'demo' })
  return press(terms, '/terms', 'continue')
}

test('D3.2 addresses, DataCustodianID and lifetimes come from settings', async () => {
  const { utility, admin, api } = bench()
  await admin('PUT', '/settings', {
    ...{ authorizePath: '/gbc/authorize', tokenPath: '/gbc/token', dataCustodianId: 'SCE-9', portalScopes: 2 },
    accessTokenSeconds: 600,
  })
  expect((await visit(`${utility.pages}/gbc/authorize?${authorizeQuery()}`)).status).toBe(200)
  const moved = await api.token({ grant_type: 'client_credentials' }, { path: '/gbc/token' })
  const away = await press(await visit(`${utility.pages}/portal`), '/portal', 'choose', {
    login: 'home',
    password: 'demo',
  })
  await admin('PUT', '/settings', {
    ...{
      authorizePath: '/DataCustodian/oauth/authorize',
      tokenPath: '/DataCustodian/oauth/token',
      dataCustodianId: 'SCE',
    },
    ...{ portalScopes: 1, accessTokenSeconds: 3600 },
  })
  expect(moved.json['expires_in']).toBe(600)
  expect(away.location).toMatch(/\?scope=FB%3D[^&]*&scope=FB%3D[^&]*&DataCustodianID=SCE-9$/)
})

test('D3.2 terms, accounts, data types with a frequency each, an end date', async () => {
  const first = await visit(`${bench().utility.pages}/DataCustodian/oauth/authorize?${authorizeQuery()}`)
  const accounts = await toAccounts(first)
  const names = new Set(formsOf(accounts.body)[0]?.fields.map(([name]) => name))
  const frequencies = ['frequency_billing', 'frequency_customer', 'frequency_usage']
  expect([...names].sort()).toEqual(['account', 'data', 'end', 'end_date', 'flow', ...frequencies])
  const last = await press(accounts, '/submit', 'submit', { end: 'date', end_date: '2026-12-31', data: 'usage' })
  expect(last.location).toContain('?code=')
  expect((await press(await toAccounts(await visit(first.url)), '/submit', 'cancel')).location).toContain(
    'error=access_denied',
  )
})

test('D3.2 data flow after the verification, however long it takes', async () => {
  const { admin, grant, announced } = bench()
  await admin('PUT', '/settings', { verificationMinutes: 3 * 24 * 60 })
  const { id } = await grant('new')
  const ledger = await admin('GET', `/authorizations`)
  expect(JSON.stringify(ledger)).toContain(`"id":"${id}"`)
  const delivered = async (): Promise<boolean> => {
    const list: { id: string; deliveredAt: number | null }[] = JSON.parse(
      JSON.stringify(await admin('GET', '/authorizations')),
    )
    return list.find((a) => a.id === id)?.deliveredAt !== null
  }
  await admin('POST', '/new-day')
  expect(await delivered()).toBe(false)
  await announced(() => admin('POST', '/new-day', { days: 3 }))
  expect(await delivered()).toBe(true)
  await admin('PUT', '/settings', { verificationMinutes: 0 })
})

test('D3.3 three kinds of file, named by BulkID, kind, date, time and number, in one notification', async () => {
  const { files } = await shared('home')
  const { bulkId } = bench().utility.registration
  expect(files.map((f) => f.kind)).toEqual(['RCUST', 'REVQ', 'UNBQ'])
  for (const { address } of files)
    expect(address).toMatch(new RegExp(`/Batch/Bulk/${bulkId}/${bulkId}_[A-Z]+_20260715_120000_\\d+\\.XML$`))
})

test('D3.3 files are kept for so many days and then 404; one file holds several customers', async () => {
  const { admin, announced } = bench()
  await shared('home')
  await shared('shop')
  const [addresses = []] = await announced(() => admin('POST', '/new-day'))
  const [unbilled] = (await fetchAll(addresses)).filter((f) => f.kind === 'UNBQ')
  const customers = new Set(unbilled?.body.match(/RetailCustomer\/[A-Z0-9]{9}/g))
  expect(customers.size).toBeGreaterThanOrEqual(2)
  await admin('PUT', '/settings', { retentionDays: 2, dailyPush: false })
  const statusAfter = async (days: number): Promise<number[]> => {
    await admin('POST', '/new-day', { days })
    return (await fetchAll(addresses)).map((f) => f.status)
  }
  expect(new Set(await statusAfter(1))).toEqual(new Set([200]))
  expect(new Set(await statusAfter(2))).toEqual(new Set([404]))
  await admin('PUT', '/settings', { retentionDays: 30, dailyPush: true })
})

test('D3.4 unbilled the next day with quality 14, revenue quality 19 after the bill, repeated by a re-bill', async () => {
  const { admin, announced } = bench()
  const { files } = await shared('home')
  expect(new Set(texts({ body: bodyOf(files, 'UNBQ') }, 'defaultQuality'))).toEqual(new Set(['14']))
  expect(new Set(texts({ body: bodyOf(files, 'REVQ') }, 'defaultQuality'))).toEqual(new Set(['19']))
  const last = Number(text(resourcesOf(bodyOf(files, 'UNBQ'), 'timePeriod').at(-1), 'start'))
  // Noon of 15 July: 14 July is published.
  expect(new Date(last * 1000).toISOString()).toBe('2026-07-15T06:00:00.000Z')
  const [again = []] = await announced(() => admin('POST', '/rebill', { login: 'home' }))
  const repeated = (await fetchAll(again)).find((f) => f.kind === 'REVQ')
  expect(texts({ body: repeated?.body ?? '' }, 'note')).toContain('Billing Adjustment')
  expect(resourcesOf(repeated?.body ?? '', 'IntervalReading').length).toBe(
    resourcesOf(bodyOf(files, 'REVQ'), 'IntervalReading').length,
  )
})

test('D3.5 the envelope: blanks in the declaration, repeated links, no zone, content first, placeholder host', async () => {
  const { files } = await shared('home')
  const revq = bodyOf(files, 'REVQ')
  expect(revq).toMatch(/^<\?xml version="1\.0" encoding = "UTF-8" \?>/)
  expect(revq).toContain('<link rel = "self"  href = "https://services.greenbuttondata.org/')
  expect(revq).not.toContain(bench().utility.api)
  const entries = all(parse(revq), 'entry')
  for (const entry of entries) {
    const names = entry.children.map((c) => c.name)
    expect(names.indexOf('content')).toBeLessThan(names.indexOf('updated'))
    expect(text(entry, 'updated')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
  }
  const type = entries.find((e) => all(e, 'ReadingType').length > 0)
  const rels = type?.children.filter((c) => c.name === 'link').map((c) => c.attributes['rel'])
  expect(rels).toEqual(['self', 'up', 'self', 'up'])
})

test('D3.5 what is in it: shared summary links, bills at UTC midnight, too long a block, truncated rules', async () => {
  const { files } = await shared('shop')
  const revq = bodyOf(files, 'REVQ')
  expect([texts({ body: revq }, 'dstEndRule'), texts({ body: revq }, 'dstStartRule')]).toEqual([['B40E'], ['B60E']])
  const summaries = all(parse(revq), 'entry').filter((e) => all(e, 'UsageSummary').length > 0)
  expect(
    new Set(summaries.map((e) => e.children.find((c) => c.attributes['rel'] === 'self')?.attributes['href'])).size,
  ).toBe(1)
  expect(summaries.length).toBeGreaterThan(2)
  for (const period of resourcesOf(revq, 'billingPeriod')) expect(Number(text(period, 'start')) % 86_400).toBe(0)
  const [block] = resourcesOf(revq, 'IntervalBlock')
  const readings = block ? all(block, 'timePeriod') : []
  const span = Number(text(readings.at(-1), 'start')) + 900 - Number(text(readings[0], 'start'))
  expect(Number(text(block, 'interval', 'duration'))).toBeGreaterThan(span)
  expect(resourcesOf(bodyOf(files, 'RCUST'), 'postalCode')).not.toEqual([])
})

test('D3.6 a revocation at SCE is announced, sets status 0, and files stop', async () => {
  const { admin, announced, api, base, clientToken } = bench()
  const { id } = await shared('accounts')
  const [addresses = []] = await announced(() => admin('POST', '/revoke', { subscription: id }))
  expect(addresses[0]).toMatch(new RegExp(`/Authorization/${id}$`))
  expect(texts(await api.get(`${base}/Authorization/${id}`, await clientToken()), 'status')).toEqual(['0'])
  const other = await shared('new')
  const key = /RetailCustomer\/([A-Z0-9]{9})/.exec(bodyOf(other.files, 'UNBQ'))?.[1] ?? ''
  const [next = []] = await announced(() => admin('POST', '/new-day'))
  const bodies = (await fetchAll(next)).map((f) => f.body).join('')
  const points: { agreements: string[]; id: string }[] = JSON.parse(
    JSON.stringify(await admin('GET', '/authorizations')),
  )
  expect(bodies).toContain(key)
  for (const point of points.find((a) => a.id === id)?.agreements ?? [])
    expect(bodies).not.toContain(`/UsagePoint/${point}`)
})

test('D3.7 a notification may name sftp addresses', async () => {
  const { admin, announced, grant } = bench()
  await admin('PUT', '/settings', { sftpAddress: 'sftp://files.sce.example/outgoing' })
  const [addresses = []] = await announced(() => grant('home'))
  await admin('PUT', '/settings', { sftpAddress: null })
  for (const address of addresses) expect(address).toMatch(/^sftp:\/\/files\.sce\.example\/outgoing\/[A-Z]{14}_/)
})
