import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { fileQualityOf } from '../utilities/decode.ts'
import type { Espi, Utility } from '../utilities/contract.ts'
import { utilityOf } from '../utilities/index.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { addLocalDays, localMidnight } from '../units/local-days.ts'
import { followHint } from './judge-notifications.ts'
import { type PlannedWindow, planFirst, planRefresh, planUsage } from './plan-windows.ts'
import { requestAddress } from './request-address.ts'

/** Each field of a profile that collection speaks by. */
const zone = 'America/Toronto'
const now = Date.parse('2026-11-25T18:00:00Z') / 1000
const ids = {
  ...{ subscription: 's1', retailCustomer: 'r1', bulkId: 'b1' },
  subscriptionUri: 'https://told.example/gbc/resource/Batch/Subscription/s1',
}
const usage: PlannedWindow = {
  ...{ product: 'usage', resource: 'u1', priority: 0 },
  from: localMidnight(Date.parse('2026-11-20T12:00:00Z') / 1000, zone),
  to: addLocalDays(now, 1, zone),
}

function addressOf(change: Partial<Espi>, window = usage, base: Utility = utilityOf('LONDON')): string {
  const espi: Espi = { ...base.espi, usageAddress: 'path', ...change }
  return requestAddress({ ...base, espi }, 'https://u.example/resource', ids, { window, now }) ?? ''
}

describe('espi.dates', () => {
  const dates = { by: 'published', names: 'hyphen', format: 'zulu', end: 'exclusive', futureEnd: 'sent' } as const
  it.each<[string, Partial<Espi['dates']>, string]>([
    ['as ESPI has it', {}, 'published-min=2026-11-20T05:00:00Z&published-max=2026-11-26T05:00:00Z'],
    ['by change', { by: 'updated' }, 'updated-min=2026-11-20T05:00:00Z&updated-max=2026-11-26T05:00:00Z'],
    ['camelCase', { names: 'camel' }, 'publishedMin=2026-11-20T05:00:00Z&publishedMax=2026-11-26T05:00:00Z'],
    ['epoch', { format: 'epoch' }, 'published-min=1763614800&published-max=1764133200'],
    ['date', { format: 'date' }, 'published-min=2026-11-20&published-max=2026-11-26'],
    ['inclusive', { end: 'inclusive' }, 'published-min=2026-11-20T05:00:00Z&published-max=2026-11-26T04:59:59Z'],
    ['no end', { end: 'none' }, 'published-min=2026-11-20T05:00:00Z'],
    ['no future', { futureEnd: 'cut' }, 'published-min=2026-11-20T05:00:00Z&published-max=2026-11-25T18:00:00Z'],
  ])('%s', (_name, change, query) => {
    const url = new URL(addressOf({ dates: { ...dates, ...change } }))
    expect(decodeURIComponent(url.search.slice(1))).toBe(
      query.replaceAll('1763614800', String(usage.from)).replaceAll('1764133200', String(usage.to)),
    )
  })

  it('a date alone begins with the next whole day', () => {
    const noon = { ...usage, from: epochSeconds(usage.from + 43_200) }
    const format = { ...dates, format: 'date', end: 'none' } as const
    expect(addressOf({ dates: format })).toContain('published-min=2026-11-20')
    expect(addressOf({ dates: format }, noon)).toContain('published-min=2026-11-21')
  })
})

it('espi.usageAddress: the address that the utility told, or the profile’s', () => {
  expect(addressOf({ usageAddress: 'resourceURI' })).toContain(
    'https://told.example/gbc/resource/Batch/Subscription/s1?',
  )
  expect(addressOf({ usageAddress: 'path' })).toContain('https://u.example/resource/Batch/Subscription/s1?')
})

it('espi.windowDays: without a limit one request covers everything', () => {
  const reach = { historyStart: addLocalDays(now, -700, zone), now, timezone: zone }
  const { espi } = utilityOf('LONDON')
  expect(planUsage({ ...espi, windowDays: null }, '', reach)).toHaveLength(1)
  expect(planUsage({ ...espi, windowDays: 28 }, '', reach).length).toBeGreaterThan(20)
})

it('espi.fileKinds: the quality that a kind of file stands for', () => {
  const sce = utilityOf('SCE')
  const at = (name: string): number | null => fileQualityOf(sce, `https://u.example/Batch/Bulk/B/${name}`)
  expect(at('B_UNBQ_20261101_010101_1.XML')).toBe(14)
  expect(at('B_REVQ_20261101_010101_1.XML')).toBe(19)
  expect(at('B_RCUST_20261101_010101_1.XML')).toBeNull()
  expect(fileQualityOf(utilityOf('PG&E'), 'https://u.example/x_REVQ_1')).toBeNull()
})

describe('espi.delivery notified-batches: one request, then only what notifications name', () => {
  const alectra = utilityOf('ALECTRA')
  const reach = { historyStart: addLocalDays(now, -700, zone), now, timezone: zone }
  const base = 'https://alectradc.savagedata.com/DataCustodian/espi/1_1/resource/Batch/Subscription'
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(async () => await database.close())

  it('asks once for all of the history, by a date and without an end', () => {
    const windows = planFirst(alectra.espi, reach, [])
    const request = windows.find(({ product }) => product === 'bulk_request')
    expect(windows.filter(({ product }) => product === 'usage')).toEqual([])
    expect(request).toMatchObject({ from: localMidnight(reach.historyStart, zone) })
    const address = requestAddress(alectra, 'https://u.example/resource', ids, { window: request ?? usage, now })
    expect(address).toMatch(
      /^https:\/\/told\.example\/gbc\/resource\/Batch\/Subscription\/s1\?published-min=\d{4}-\d\d-\d\d$/,
    )
    expect(planRefresh(alectra.espi, [], reach, null).map(({ product }) => product)).toEqual(['bulk_request'])
  })

  it('a notification owes its batches to the authorization that they name, also when it comes before the promise', async () => {
    const seed = await seedCompany(database.db, { utility: 'ALECTRA' })
    const other = await seedCompany(database.db, { utility: 'ALECTRA' })
    const [row] = await database.admin('select subscription from authorizations where authorization_uid = $1', [
      seed.authorizationUid,
    ])
    const mine = `${base}/${String(row?.['subscription'])}/UsagePoint/1`
    const { registrationUid } = seed
    const at = new Date('2026-11-25T12:00:00Z')
    const hint = { registrationUid, resources: [mine, `${base}/unknown/UsagePoint/1`] }
    expect(await database.db.operator((tx) => followHint(tx, hint, at))).toBe(1)
    expect(await database.db.operator((tx) => followHint(tx, hint, at))).toBe(0)
    const owed = await database.admin('select authorization_uid, product, resource from windows')
    expect(owed).toEqual([{ authorization_uid: seed.authorizationUid, product: 'file', resource: mine }])
    expect(other.authorizationUid).not.toBe(seed.authorizationUid)
  })
})
