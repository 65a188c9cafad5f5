import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { DataClass } from '../model/authorization-states.ts'
import type { Bill } from '../model/bill.ts'
import type { MeterFacts } from '../model/meter.ts'
import type { Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { saveBillingSummaries, upsertBillingAccounts } from './billing.ts'
import { saveBills } from './bills.ts'
import type { Tx } from './db.ts'
import { ConsentEnded } from './errors.ts'
import { upsertMeters } from './meters.ts'
import { saveRawFeed } from './raw-feeds.ts'
import { openEnvelope } from './secrets.ts'
import { mergeSeries } from './series.ts'

const now = new Date('2026-11-25T12:00:00Z')
const envelope = openEnvelope(randomBytes(32))
let database: TestDatabase
let seed: Seed
beforeAll(async () => {
  database = await testDatabase()
  seed = await seedCompany(database.db)
})
afterAll(async () => {
  await database.close()
})

const facts: MeterFacts = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  serviceIdentifier: null,
  serviceTariff: null,
  serviceClass: null,
  serviceAddress: null,
  meterNumbers: [],
  billingContact: null,
  billingAddress: null,
  billingAccount: null,
  voltage: null,
  readCycle: null,
  programs: [],
  suppliers: [],
  otherDevices: [],
  status: null,
}
const at = now.getTime() / 1000 - 86_400
const series: Series = {
  usagePoint: 'up-1',
  channel: { commodity: 'electricity', direction: 'delivered', quantified: 'energy', unit: 'Wh' },
  exponent: 0,
  start: Float64Array.of(at),
  duration: Uint32Array.of(3600),
  value: Float64Array.of(1),
  quality: Uint8Array.of(4),
  cost: null,
  tou: null,
  currency: null,
}
const bill: Bill = {
  usagePoint: 'up-1',
  commodity: 'electricity',
  start: epochSeconds(at - 86_400),
  end: epochSeconds(at),
  statementDate: null,
  total: null,
  totalFrom: null,
  currency: null,
  volume: null,
  tariff: null,
  readCycle: null,
  lines: [],
  demand: [],
  tou: [],
  tiers: [],
  suppliers: [],
  quality: null,
  warnings: [],
}

type Write = (tx: Tx, uid: Uid, meterUid: Uid) => Promise<unknown>
const context = { zone: 'America/Los_Angeles', source: '1', now }
const summary = {
  billingAccountUid: '1',
  start: epochSeconds(at - 86_400),
  end: epochSeconds(at),
  facts: { statementDate: null, currency: null, newCharges: [], newChargesAmountE5: null },
  sources: ['1'],
}
const account = { accountNumber: '1', billingContact: null, billingAddress: null, usagePoints: [] }
const feed = { product: 'usage', resource: '', mediaType: 'text/xml', body: Buffer.from('<a/>') }

/** Every way in which a product comes into the database, and the class that has to cover it (null: any). */
const writes: [string, DataClass | null, Write][] = [
  ['a meter', null, async (tx, uid) => await upsertMeters(tx, uid, [{ ...facts, usagePoint: 'new' }], { now })],
  ['a reading', 'intervals', async (tx, uid, meterUid) => await mergeSeries(tx, uid, meterUid, series, context)],
  ['a bill', 'bills', async (tx, uid, meterUid) => await saveBills(tx, uid, meterUid, [bill], context)],
  ['a billing account', 'accounting', async (tx, uid) => await upsertBillingAccounts(tx, uid, [account], context)],
  ['a billing summary', 'accounting', async (tx, uid) => await saveBillingSummaries(tx, uid, [summary], now)],
  ['a raw feed', null, async (tx, uid) => await saveRawFeed(tx, uid, feed, { envelope, now })],
]

const ends: [string, string][] = [
  ['a revoked authorization', `state = 'revoked'`],
  ['a declined authorization', `state = 'declined'`],
  ['an authorization that waits for the customer', `state = 'needs_reauthorization'`],
  ['an authorization past its end', `expires = '2026-11-25T12:00:00Z'`],
]

async function prepare(dataClasses?: readonly DataClass[]): Promise<{ uid: Uid; meterUid: Uid }> {
  const uid = await seedAuthorization(database.db, seed, dataClasses ? { dataClasses } : {})
  const [meter] = await database.db.operator((tx) => upsertMeters(tx, uid, [facts], { now }))
  return { uid, meterUid: meter?.meterUid ?? '' }
}

const TABLES = ['series_blocks', 'intervals', 'bills', 'billing_accounts', 'billing_summaries', 'raw_feeds']

async function rowsOf(uid: Uid): Promise<number> {
  const counts = TABLES.map((table) => `(select count(*) from ${table} where authorization_uid = $1)`)
  const meters = '(select count(*) from meters where authorization_uid = $1)'
  const [row] = await database.admin(`select ${[...counts, meters].join(' + ')} as count`, [uid])
  return Number(row?.['count'])
}

test.each(ends.flatMap(([end, change]) => writes.map(([what, , write]) => [end, what, change, write] as const)))(
  '%s stores nothing: %s',
  async (_, __, change, write) => {
    const { uid, meterUid } = await prepare()
    await database.admin(`update authorizations set ${change} where authorization_uid = $1`, [uid])
    await expect(database.db.operator((tx) => write(tx, uid, meterUid))).rejects.toThrow(ConsentEnded)
    expect(await rowsOf(uid)).toBe(1)
  },
)

test.each(writes.filter(([, dataClass]) => dataClass !== null))(
  'a consent to other classes does not let in %s',
  async (_, dataClass, write) => {
    const others = (['meters', 'bills', 'intervals', 'accounting'] as const).filter((other) => other !== dataClass)
    const { uid, meterUid } = await prepare(others)
    const attempt = database.db.operator((tx) => write(tx, uid, meterUid))
    await expect(attempt).rejects.toMatchObject({ code: 'consent_ended', reason: 'class_not_consented' })
    expect(await rowsOf(uid)).toBe(1)
  },
)

test.each(writes.filter(([what]) => what !== 'a billing summary'))(
  'an active consent lets in %s',
  async (_, __, write) => {
    const { uid, meterUid } = await prepare()
    await database.db.operator((tx) => write(tx, uid, meterUid))
    expect(await rowsOf(uid)).toBeGreaterThan(1)
  },
)
