import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  type Seed,
  seedAuthorization,
  seedCompany,
  type SeedOptions,
  testDatabase,
  type TestDatabase,
} from '../../test/database.ts'
import type { Bill } from '../model/bill.ts'
import type { MeterFacts } from '../model/meter.ts'
import { isUid, authorizationOf, type Uid } from '../model/uid.ts'
import { currencyE5 } from '../units/currency-e5.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import {
  type BillingSummary,
  readBillingAccounts,
  readBillingSummaries,
  saveBillingSummaries,
  upsertBillingAccounts,
} from './billing.ts'
import { readBills, saveBills, saveManyBills } from './bills.ts'
import { deleteAuthorizationData } from './delete-data.ts'
import { appendEvent, listEvents } from './events.ts'
import { listMeterFacts, upsertMeters } from './meters.ts'
import { listRawFeeds, purgeRawFeeds, readRawFeed, saveRawFeed, setOutcome } from './raw-feeds.ts'
import { openEnvelope } from './secrets.ts'
import { nextChildren } from './write-gate.ts'

const now = new Date('2026-11-25T12:00:00Z')
const later = new Date('2026-11-26T12:00:00Z')
let database: TestDatabase
let seed: Seed

beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(async () => {
  await database.close()
})

async function authorization(options: SeedOptions = {}): Promise<Uid> {
  return await seedAuthorization(database.db, seed, options)
}

const facts: MeterFacts = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  serviceIdentifier: 'SA-1',
  serviceTariff: 'E-TOU-C',
  serviceClass: 'res-electric',
  serviceAddress: '1 Main St',
  meterNumbers: ['m-1'],
  billingContact: null,
  billingAddress: null,
  billingAccount: null,
  voltage: null,
  readCycle: null,
  programs: [],
  suppliers: [],
  otherDevices: [],
  status: 'on',
}

describe('meters', () => {
  test('a feed that tells nothing overwrites nothing, and telling the same twice changes nothing', async () => {
    const uid = await authorization()
    const silent = {
      ...facts,
      serviceTariff: null,
      serviceAddress: null,
      meterNumbers: [],
      commodity: null,
      status: null,
    }
    const tell = async (told: MeterFacts) => await database.db.operator((tx) => upsertMeters(tx, uid, [told], { now }))
    const [first] = await tell(facts)
    expect(first).toMatchObject({ isNew: true, usagePoint: 'up-1' })
    expect(isUid(first?.meterUid ?? '') && authorizationOf(first?.meterUid ?? '0')).toBe(uid)
    expect(await tell(silent)).toMatchObject([{ isNew: false, isChanged: false, meterUid: first?.meterUid }])
    expect(await tell(facts)).toMatchObject([{ isNew: false, isChanged: false }])
    expect(await tell({ ...facts, serviceTariff: 'E-1', meterNumbers: ['m-2'] })).toMatchObject([{ isChanged: true }])
    const [stored] = await database.db.operator((tx) => listMeterFacts(tx, uid))
    expect(stored?.facts).toEqual({ ...facts, serviceTariff: 'E-1', meterNumbers: ['m-1', 'm-2'] })
  })

  test('a renumbered usage point stays the same meter, several meters of one service stay apart', async () => {
    const uid = await authorization()
    const tell = async (told: MeterFacts[], completeList: boolean) =>
      await database.db.operator((tx) => upsertMeters(tx, uid, told, { now, completeList }))
    const twin = { ...facts, usagePoint: 'up-2', meterNumbers: ['m-2'] }
    const [one, two] = await tell([facts, twin], true)
    expect(one?.meterUid).not.toBe(two?.meterUid)
    const renumbered = { ...facts, usagePoint: 'up-1-new' }
    expect(await tell([renumbered, twin], true)).toMatchObject([
      { meterUid: one?.meterUid },
      { meterUid: two?.meterUid },
    ])
    expect(await tell([facts], false)).toMatchObject([{ meterUid: one?.meterUid, isNew: false }])
    // A feed that names one usage point only says nothing about the others.
    expect(await tell([{ ...twin, usagePoint: 'up-3' }], false)).toMatchObject([{ isNew: true }])
  })

  test('without consent to meters, a meter is kept by its key and commodity alone', async () => {
    const uid = await authorization({ dataClasses: ['intervals'] })
    await database.db.operator((tx) => upsertMeters(tx, uid, [facts], { now }))
    await database.db.operator((tx) => upsertMeters(tx, uid, [{ ...facts, serviceTariff: 'E-1' }], { now }))
    const [stored] = await database.db.operator((tx) => listMeterFacts(tx, uid))
    expect(Object.entries(stored?.facts ?? {}).filter(([, value]) => value !== null && !Array.isArray(value))).toEqual(
      expect.arrayContaining([
        ['usagePoint', 'up-1'],
        ['commodity', 'electricity'],
      ]),
    )
    expect(JSON.stringify(stored)).not.toMatch(/Main St|SA-1|m-1|E-1/)
  })
})

const DAY = 86_400
const at = (days: number) => epochSeconds(1_780_000_000 + days * DAY)
const bill: Bill = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  start: at(0),
  end: at(30),
  statementDate: at(32),
  total: currencyE5(12_345_000),
  totalFrom: 'statement',
  currency: 'USD',
  volume: { value: 412, exponent: 3, unit: 'Wh' },
  tariff: 'E-1',
  readCycle: null,
  lines: [],
  demand: [],
  tou: [],
  tiers: [],
  suppliers: [],
  quality: null,
  warnings: [],
}

describe('bills', () => {
  async function meter(options: SeedOptions = {}) {
    const uid = await authorization(options)
    const [upserted] = await database.db.operator((tx) => upsertMeters(tx, uid, [facts], { now }))
    const meterUid = upserted?.meterUid ?? ''
    return {
      uid,
      save: async (bills: Bill[], source: string) =>
        await database.db.operator((tx) => saveBills(tx, uid, meterUid, bills, { source, now })),
      read: async () =>
        (await database.db.operator((tx) => readBills(tx, uid))).map((row) => ({
          period: [row.bill.start, row.bill.end],
          total: row.bill.total,
          version: row.version,
          uid: row.billUid,
        })),
    }
  }

  test('equal content changes nothing, other content of the period replaces with the next version', async () => {
    const { save, read } = await meter()
    const { added } = await save([bill], '1')
    expect(await save([bill], '2')).toEqual({ added: [], changed: [], superseded: [], unchanged: 1, outside: 0 })
    const rebill = { ...bill, total: currencyE5(1) }
    expect((await save([rebill], '3')).changed).toEqual(added)
    expect(await read()).toEqual([{ period: [at(0), at(30)], total: 1, version: 2, uid: added[0] }])
  })

  test('an earlier statement or feed never overwrites a later one', async () => {
    const { save, read } = await meter()
    await save([{ ...bill, total: currencyE5(2) }], '5')
    expect(await save([{ ...bill, statementDate: at(31), total: currencyE5(1) }], '6')).toMatchObject({ unchanged: 1 })
    expect(await save([{ ...bill, total: currencyE5(1) }], '4')).toMatchObject({ unchanged: 1 })
    expect(await read()).toMatchObject([{ total: 2, version: 1 }])
  })

  test('a re-bill that splits or joins periods leaves no doubled day, a shared border day is no re-bill', async () => {
    const { save, read } = await meter()
    await save([bill, { ...bill, start: at(29), end: at(60) }], '1')
    expect(await read()).toHaveLength(2)
    await save([{ ...bill, end: at(60), statementDate: at(70) }], '2')
    expect((await read()).map(({ period }) => period)).toEqual([[at(0), at(60)]])
    await save(
      [
        { ...bill, end: at(30), statementDate: at(80) },
        { ...bill, start: at(30), end: at(60), statementDate: at(80) },
      ],
      '3',
    )
    expect((await read()).map(({ period }) => period)).toEqual([
      [at(0), at(30)],
      [at(30), at(60)],
    ])
  })

  test('bills of several meters are saved together as each alone, told in order', async () => {
    const [together, alone] = [await authorization(), await authorization()]
    const names = ['up-1', 'up-2', 'up-3']
    const metersOf = async (uid: Uid): Promise<Uid[]> => {
      const told = names.map((usagePoint) => ({ ...facts, usagePoint, serviceIdentifier: usagePoint }))
      return (await database.db.operator((tx) => upsertMeters(tx, uid, told, { now }))).map(({ meterUid }) => meterUid)
    }
    const next = { ...bill, start: at(30), end: at(60) }
    const rebill = { ...bill, end: at(60), statementDate: at(70) }
    const feeds = [
      { source: '1', bills: [[bill, next], [bill], [next, bill, next]] },
      { source: '2', bills: [[rebill], [], [{ ...next, total: currencyE5(3) }]] },
    ]
    const [together3, alone3] = [await metersOf(together), await metersOf(alone)]
    for (const { source, bills } of feeds) {
      const saved = await database.db.operator((tx) => {
        const told = together3.map((meterUid, place) => ({ meterUid, bills: bills[place] ?? [] }))
        return saveManyBills(tx, together, told, { source, now })
      })
      for (const [place, meterUid] of alone3.entries()) {
        const one = await database.db.operator((tx) =>
          saveBills(tx, alone, meterUid, bills[place] ?? [], { source, now }),
        )
        const { added, changed, superseded, unchanged, outside } = saved[place] ?? one
        expect([added.length, changed.length, superseded.length, unchanged, outside]).toEqual([
          one.added.length,
          one.changed.length,
          one.superseded.length,
          one.unchanged,
          one.outside,
        ])
      }
    }
    const shown = async (uid: Uid, meterUids: Uid[]) =>
      (await database.db.operator((tx) => readBills(tx, uid))).map((row) => ({
        meter: meterUids.indexOf(row.meterUid),
        period: [row.bill.start, row.bill.end],
        total: row.bill.total,
        version: row.version,
        source: row.source,
      }))
    expect(await shown(together, together3)).toEqual(await shown(alone, alone3))
    expect((await shown(together, together3)).map(({ meter, version }) => [meter, version])).toEqual([
      [0, 2],
      [1, 1],
      [2, 1],
      [2, 2],
    ])
  })

  test('a bill takes the period that another leaves in the same feed', async () => {
    const { save, read } = await meter()
    const next = { ...bill, start: at(30), end: at(60) }
    await save([bill, next], '1')
    const later = { ...next, start: at(40), end: at(70), statementDate: at(80) }
    const moved = { ...bill, start: at(20), end: at(50), statementDate: at(80) }
    await save([later, { ...bill, start: at(0), end: at(40), statementDate: at(80) }], '2')
    expect((await read()).map(({ period }) => period)).toEqual([
      [at(0), at(40)],
      [at(40), at(70)],
    ])
    await save(
      [
        { ...later, statementDate: at(90) },
        { ...moved, statementDate: at(90) },
      ],
      '3',
    )
    expect((await read()).map(({ period }) => period)).toEqual([
      [at(20), at(50)],
      [at(40), at(70)],
    ])
  })

  test('what ended before the consent reaches back is dropped and counted', async () => {
    const { save, read } = await meter({ historyStart: new Date(at(30) * 1000) })
    const next = { ...bill, start: at(30), end: at(60) }
    expect(await save([bill, next], '1')).toMatchObject({ outside: 1, added: [expect.any(String)] })
    expect((await read()).map(({ period }) => period)).toEqual([[at(30), at(60)]])
  })
})

describe('billing accounts and summaries', () => {
  test('are kept by number and period, equal content changes nothing', async () => {
    const uid = await authorization()
    const account = { accountNumber: '77', billingContact: 'Carla', billingAddress: null, usagePoints: ['up-1'] }
    const tell = async (told: typeof account) =>
      await database.db.operator((tx) => upsertBillingAccounts(tx, uid, [told], { source: '1', now }))
    const [first] = await tell(account)
    await tell({ ...account, billingContact: '', usagePoints: ['up-2'] })
    const accounts = await database.db.operator((tx) => readBillingAccounts(tx, uid))
    expect(accounts).toMatchObject([{ facts: { billingContact: '', usagePoints: ['up-1', 'up-2'] } }])

    const summary: BillingSummary = {
      billingAccountUid: first?.billingAccountUid ?? '',
      start: at(0),
      end: at(30),
      facts: { statementDate: null, currency: 'USD', newCharges: [], newChargesAmountE5: currencyE5(5) },
      sources: ['1'],
    }
    const save = async (given: BillingSummary) =>
      await database.db.operator((tx) => saveBillingSummaries(tx, uid, [given], now))
    const { added } = await save(summary)
    expect(await save(summary)).toEqual({ added: [], changed: [], outside: 0 })
    const other = { ...summary, facts: { ...summary.facts, newChargesAmountE5: currencyE5(6) } }
    expect((await save(other)).changed).toEqual(added)
    const stored = await database.db.operator((tx) => readBillingSummaries(tx, uid))
    expect(stored).toMatchObject([{ start: at(0), end: at(30), facts: { newChargesAmountE5: 6 } }])
  })
})

describe('raw feeds', () => {
  const envelope = openEnvelope(randomBytes(32))

  test('come back as they came, in order, are sealed, and are not kept twice in a row', async () => {
    const uid = await authorization()
    const save = async (body: string) =>
      await database.db.operator((tx) =>
        saveRawFeed(
          tx,
          uid,
          { product: 'usage', resource: 'up-1', mediaType: 'application/atom+xml', body: Buffer.from(body) },
          { envelope, now },
        ),
      )
    const one = await save('<feed>Carla Customer</feed>')
    expect(await save('<feed>Carla Customer</feed>')).toEqual({ rawFeedUid: one.rawFeedUid, isNew: false })
    const two = await save('<feed>2</feed>')
    const three = await save('<feed>Carla Customer</feed>')
    const listed = await database.db.operator((tx) => listRawFeeds(tx, uid))
    expect(listed.map(({ rawFeedUid }) => rawFeedUid)).toEqual([one, two, three].map(({ rawFeedUid }) => rawFeedUid))
    const read = await database.db.operator((tx) => readRawFeed(tx, uid, one.rawFeedUid, envelope))
    expect(read?.body.toString()).toBe('<feed>Carla Customer</feed>')
    const [stored] = await database.admin('select body from raw_feeds where raw_feed_uid = $1', [one.rawFeedUid])
    expect(String(stored?.['body'])).not.toContain('Carla')
    await database.db.operator((tx) => setOutcome(tx, uid, one.rawFeedUid, { warnings: [] }))
    expect(await database.db.operator((tx) => purgeRawFeeds(tx, uid, later))).toBe(3)
    expect(await database.db.operator((tx) => readRawFeed(tx, uid, one.rawFeedUid, envelope))).toBeNull()
  })

  test.each([
    ['small', Buffer.from('<feed>Carla Customer</feed>')],
    ['large', randomBytes(300_000)],
  ])('that came as gzip are kept as they came, and read like others: %s', async (_, inflated) => {
    const uid = await authorization()
    const inflatedSize = inflated.length
    const raw = { product: 'usage', resource: 'up-1', mediaType: 'application/atom+xml', inflatedSize }
    const body = gzipSync(inflated)
    const save = () => database.db.operator((tx) => saveRawFeed(tx, uid, { ...raw, body }, { envelope, now }))
    const { rawFeedUid } = await save()
    expect(await save()).toEqual({ rawFeedUid, isNew: false })
    const read = await database.db.operator((tx) => readRawFeed(tx, uid, rawFeedUid, envelope))
    expect(read).toMatchObject({ size: inflatedSize, body: inflated })
  })
})

describe('an authorization', () => {
  test('gives each child another number, also to transactions at once', async () => {
    const uid = await authorization()
    const taken = await Promise.all(
      Array.from({ length: 8 }, async () => await database.db.operator((tx) => nextChildren(tx, uid, 5))),
    )
    expect(new Set(taken.flat()).size).toBe(40)
  })

  test('loses everything collected, and its tokens, when its data is deleted; another keeps its own', async () => {
    const [uid, other] = [await authorization(), await authorization()]
    for (const each of [uid, other]) {
      await database.db.operator(async (tx) => {
        const [meter] = await upsertMeters(tx, each, [facts], { now })
        await saveBills(tx, each, meter?.meterUid ?? '', [bill], { source: '1', now })
        await appendEvent(tx, { authorizationUid: each, type: 'meter_created', meterUid: meter?.meterUid ?? null, now })
      })
      await database.admin(
        `insert into grants (authorization_uid, grant_no, company_uid, registration_uid, tokens, created)
         values ($1, 1, $2, $3, 'sealed', $4)`,
        [each, seed.companyUid, seed.registrationUid, now],
      )
    }
    const deleted = await database.db.operator((tx) => deleteAuthorizationData(tx, uid))
    expect(deleted).toMatchObject({ bills: 1, meters: 1, meter_aliases: 1, tokens: 1 })
    const rows = await database.admin(`
      select authorization_uid from meters union all select authorization_uid from bills
      union all select authorization_uid from grants where tokens is not null`)
    expect(rows.filter((row) => row['authorization_uid'] === uid)).toEqual([])
    expect(rows.filter((row) => row['authorization_uid'] === other)).toHaveLength(3)
    const events = await database.db.company(seed.companyUid, (tx) =>
      listEvents(tx, seed.companyUid, { authorizationUid: uid }),
    )
    expect(events).toMatchObject([{ type: 'meter_created', isDelivered: false }])
  })
})
