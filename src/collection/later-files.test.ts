import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { espiOf, KWH, seriesOf } from '../../test/verify/series/series-kit.ts'
import { getAuthorization } from '../storage/authorizations.ts'
import { saveRawFeed } from '../storage/raw-feeds.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { readSeries } from '../storage/series.ts'
import { decodeFeed, decodingOf, fileOrderOf } from '../utilities/decode.ts'
import { utilityOf } from '../utilities/index.ts'
import { laterFiles } from './later-files.ts'
import { replayAuthorization } from './replay-authorization.ts'
import { storeFeed } from './store-feed.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const envelope = openEnvelope(randomBytes(32))
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
})

const nameOf = (kind: string, time: string): string =>
  `https://example.com/Batch/Bulk/ABC/ABC_${kind}_20261125_${time}.XML`
const start = NOW.getTime() / 1000 - 7200

/** Files of one reading each, in the order in which they come. */
async function receive(files: readonly { address: string; value: number }[]) {
  const { db } = database
  const uid = await seedAuthorization(db, await seedCompany(db), { utility: 'SCE' })
  const { utility: id, dataClasses } = await db.operator((tx) => getAuthorization(tx, uid))
  const utility = utilityOf(id)
  for (const { address, value } of files) {
    const body = Buffer.from(espiOf([seriesOf([{ start, value }], { channel: KWH })]))
    await db.operator(async (tx) => {
      const feed = { product: 'file', resource: address, mediaType: 'application/xml', body }
      const { rawFeedUid } = await saveRawFeed(tx, uid, feed, { envelope, now: NOW })
      const later = await laterFiles(tx, utility, { ...feed, authorizationUid: uid, fetched: NOW })
      const options = { timezone: utility.timezone, dataClasses, source: rawFeedUid, later, now: NOW }
      await storeFeed(tx, uid, decodeFeed(body, decodingOf(utility)), options)
    })
  }
  const [meter] = await database.admin('select meter_uid::text as uid from meters where authorization_uid = $1', [uid])
  const values = async () =>
    (await db.operator((tx) => readSeries(tx, uid, String(meter?.['uid'])))).map(({ value }) => [...value])
  return { uid, values }
}

it.each([
  ['a file that comes late does not replace what a later one corrected', ['063413_1', '063422_1'], 1],
  ['nor does one of the same second with a lower number', ['063422_9', '063422_10'], 1],
])('%s, nor does a replay', async (_title, [earlier = '', later = ''], expected) => {
  const inOrder = await receive([
    { address: nameOf('UNBQ', earlier), value: 7 },
    { address: nameOf('UNBQ', later), value: expected },
  ])
  const late = await receive([
    { address: nameOf('UNBQ', later), value: expected },
    { address: nameOf('UNBQ', earlier), value: 7 },
  ])
  expect(await late.values()).toEqual(await inOrder.values())
  await replayAuthorization({ db: database.db, envelope, now: () => NOW }, late.uid)
  expect(await late.values()).toEqual(await inOrder.values())
})

it('files are in order by the time in their names; other addresses have none', () => {
  const sce = utilityOf('SCE')
  const orders = ['063422_9', '063422_10', '063423_1'].map((time) => fileOrderOf(sce, nameOf('REVQ', time)))
  expect(orders).not.toContain(null)
  expect(orders.toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))).toEqual(orders)
  expect(fileOrderOf(sce, 'https://example.com/Batch/Bulk/ABC')).toBeNull()
  expect(fileOrderOf(utilityOf('PG&E'), nameOf('REVQ', '063422_1'))).toBeNull()
})
