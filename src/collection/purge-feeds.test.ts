import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { espiOf, KWH, seriesOf } from '../../test/verify/series/series-kit.ts'
import { getAuthorization } from '../storage/authorizations.ts'
import { listRawFeeds, saveRawFeed } from '../storage/raw-feeds.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { readSeries } from '../storage/series.ts'
import { decodeFeed, decodingOf } from '../utilities/decode.ts'
import { utilityOf } from '../utilities/index.ts'
import { purgeFeeds } from './jobs.ts'
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

it('feeds are kept for some days; a replay keeps what came from those that are gone, and says so', async () => {
  const { db } = database
  const uid = await seedAuthorization(db, await seedCompany(db))
  const { utility: id, dataClasses } = await db.operator((tx) => getAuthorization(tx, uid))
  const utility = utilityOf(id)
  let meterUid = ''
  for (const date of ['2026-10-01', '2026-11-20']) {
    const now = new Date(`${date}T12:00:00Z`)
    const start = now.getTime() / 1000 - 7200
    const body = Buffer.from(espiOf([seriesOf([{ start, value: 5 }], { channel: KWH })]))
    await db.operator(async (tx) => {
      const feed = { product: 'usage', resource: date, mediaType: 'application/atom+xml', body }
      const { rawFeedUid } = await saveRawFeed(tx, uid, feed, { envelope, now })
      const options = { timezone: utility.timezone, dataClasses, source: rawFeedUid, now }
      await storeFeed(tx, uid, decodeFeed(body, decodingOf(utility)), options)
    })
    const rows = await database.admin('select meter_uid from meters where authorization_uid = $1', [uid])
    meterUid = String(rows[0]?.['meter_uid'])
  }
  const read = () => db.operator((tx) => readSeries(tx, uid, meterUid))
  const before = await read()
  expect(before[0]?.start).toHaveLength(2)
  expect(await replayAuthorization({ db, envelope, now: () => NOW }, uid)).toMatchObject({ gone: 0, changed: 0 })

  const signal = new AbortController().signal
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  await purgeFeeds.run({}, { db, now: () => NOW, signal, log, rawFeedDays: 30 })
  expect((await db.operator((tx) => listRawFeeds(tx, uid))).map(({ resource }) => resource)).toEqual(['2026-11-20'])
  const replayed = await replayAuthorization({ db, envelope, now: () => NOW }, uid)
  expect(replayed).toMatchObject({ feeds: 1, gone: 1, changed: 0 })
  expect(await read()).toEqual(before)
})
