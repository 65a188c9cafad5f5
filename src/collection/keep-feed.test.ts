import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import { listRawFeeds, readRawFeed } from '../storage/raw-feeds.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { findCandidates, leaseWindow, oweWindows, PRIORITY } from '../storage/windows.ts'
import { type BodyLimits, plainBody, type WireBody } from '../utilities/inflate.ts'
import { epochSeconds } from '../units/epoch-seconds.ts'
import { isLarge, keepAhead } from './keep-feed.ts'
import type { PlannedWindow } from './plan-windows.ts'

const now = new Date('2026-11-25T12:00:00Z')
const envelope = openEnvelope(randomBytes(32))
const limits: BodyLimits = { wireBytes: 1e9, inflatedBytes: 1e9, ratio: 1e9 }
const text = randomBytes(100_000).toString('hex')
const zipped: WireBody = { wire: gzipSync(text), coding: 'gzip', limits }
const [from, to] = [epochSeconds(0), epochSeconds(9)]
const window: PlannedWindow = { product: 'usage', resource: '', from, to, priority: PRIORITY.present }

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
})

/** A large body on its way into the database, of a customer whose window is leased. */
async function begin(body: WireBody = zipped) {
  const { db } = database
  const uid = await seedAuthorization(db, await seedCompany(db))
  await db.operator((tx) => oweWindows(tx, uid, [window], { now }))
  const until = new Date(now.getTime() + 60_000)
  const lease = await db.operator(async (tx) => {
    const owed = (await findCandidates(tx, { now, limit: 1000 })).find((one) => one.authorizationUid === uid)
    return owed && (await leaseWindow(tx, uid, owed, { owner: 'one', until, now }))
  })
  if (!lease) throw new Error('no lease')
  const keep = () =>
    keepAhead({ db, envelope, now: () => now }, uid, { body, window, mediaType: 'application/atom+xml', lease })
  return { uid, keep, ahead: keep() }
}

const kept = (uid: Uid) => database.db.operator((tx) => listRawFeeds(tx, uid))

it.each([
  ['compressed', zipped],
  ['as it is', plainBody(Buffer.from(text), limits)],
])('a body that came %s is kept with its size when it was read', async (_how, body) => {
  const { uid, ahead } = await begin(body)
  expect(isLarge(body)).toBe(true)
  expect(await kept(uid)).toEqual([])
  const rawFeedUid = await ahead.confirm(text.length)
  expect(await kept(uid)).toMatchObject([{ rawFeedUid, size: text.length }])
  const read = await database.db.operator((tx) => readRawFeed(tx, uid, rawFeedUid, envelope))
  expect(read?.body.toString()).toBe(text)
})

it('the same body again is kept once', async () => {
  const { uid, keep, ahead } = await begin()
  const first = await ahead.confirm(text.length)
  expect(await keep().confirm(text.length)).toBe(first)
  expect(await kept(uid)).toHaveLength(1)
})

it('of a body with data of others nothing stays', async () => {
  const { uid, ahead } = await begin()
  await ahead.drop()
  expect(await kept(uid)).toEqual([])
})

it.each([
  ['consent', `update authorizations set state = 'revoked' where authorization_uid = $1`, ConsentEnded],
  ['the lease', `update windows set fence = fence + 1 where authorization_uid = $1`, LeaseLost],
])('nothing stays where %s ended while it was being read, and the end does not wait', async (_what, change, error) => {
  const { uid, ahead } = await begin()
  await database.admin(change, [uid])
  await expect(ahead.confirm(text.length)).rejects.toThrow(error)
  expect(await kept(uid)).toEqual([])
})

it('what keeps a body from being written is told when it was read', async () => {
  const { uid, ahead } = await begin()
  await database.admin(`update authorizations set expires = $2 where authorization_uid = $1`, [uid, now])
  await expect(ahead.confirm(text.length)).rejects.toThrow(ConsentEnded)
  expect(await kept(uid)).toEqual([])
})
