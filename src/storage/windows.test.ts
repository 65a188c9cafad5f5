import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import {
  type Seed,
  seedAuthorization,
  seedCompany,
  type SeedOptions,
  testDatabase,
  type TestDatabase,
} from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { ConsentEnded, LeaseLost } from './errors.ts'
import * as windows from './windows.ts'
import { enterWrite, type Lease } from './write-gate.ts'

const now = new Date('2026-11-25T12:00:00Z')
const after = (seconds: number): Date => new Date(now.getTime() + seconds * 1000)
const june = { product: 'usage', resource: 'up-1', from: 1, to: 2, priority: 5 }
const july = { ...june, from: 2, to: 3, priority: 4 }
let database: TestDatabase
let seed: Seed
let uid: Uid

beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(async () => {
  // No test sees the windows of another.
  await database.admin('delete from windows')
  seed = await seedCompany(database.db)
  uid = seed.authorizationUid
})
afterAll(async () => {
  await database.close()
})

async function run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  return await database.db.operator(work)
}
async function lease(window: windows.WindowKey, owner: string, at = now): Promise<Lease | null> {
  const until = new Date(at.getTime() + 60_000)
  return await run((tx) => windows.leaseWindow(tx, uid, window, { owner, until, now: at }))
}
async function held(window: windows.WindowKey, owner: string, at = now): Promise<Lease> {
  const got = await lease(window, owner, at)
  if (!got) throw new Error('no lease')
  return got
}
async function states(): Promise<Record<string, string>> {
  const rows = await run((tx) => windows.listWindows(tx, uid))
  return Object.fromEntries(rows.map(({ from, state }) => [from, state]))
}

describe('what is owed', () => {
  test('is owed once, however often it is found, and again only where that is asked', async () => {
    expect(await run((tx) => windows.oweWindows(tx, uid, [june, july], { now }))).toBe(2)
    expect(await run((tx) => windows.oweWindows(tx, uid, [june, july], { now }))).toBe(0)
    const got = await held(june, 'a')
    expect(await run((tx) => windows.oweWindows(tx, uid, [june], { now, again: true }))).toBe(0)
    await run((tx) => windows.finishWindow(tx, uid, got, now))
    expect(await run((tx) => windows.oweWindows(tx, uid, [june], { now }))).toBe(0)
    expect(await states()).toEqual({ 1: 'done', 2: 'owed' })
    expect(await run((tx) => windows.oweWindows(tx, uid, [june], { now, again: true }))).toBe(1)
    expect(await states()).toEqual({ 1: 'owed', 2: 'owed' })
  })

  test('is nothing once consent has ended', async () => {
    await run((tx) => windows.oweWindows(tx, uid, [june], { now }))
    await database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [uid])
    expect(await run((tx) => windows.oweWindows(tx, uid, [july], { now }))).toBe(0)
    expect(await run((tx) => windows.findCandidates(tx, { now, limit: 10 }))).toEqual([])
    expect(await lease(june, 'a')).toBeNull()
  })

  test('comes up by priority, one window an authorization, and companies in turn', async () => {
    const other = await seedCompany(database.db)
    const mine = [uid]
    for (let more = 0; more < 3; more++) mine.push(await seedAuthorization(database.db, seed))
    for (const each of [...mine, other.authorizationUid]) {
      await run((tx) => windows.oweWindows(tx, each, [june, july], { now }))
    }
    const urgent = mine[3] ?? ''
    await run((tx) => windows.oweWindows(tx, urgent, [{ ...july, from: 9, to: 10, priority: 0 }], { now }))
    const found = await run((tx) => windows.findCandidates(tx, { now, limit: 3 }))
    expect(found.map(({ authorizationUid, from }) => [authorizationUid, from])).toEqual([
      [urgent, 9],
      [uid, 2],
      [other.authorizationUid, 2],
    ])
    const ofOther = { now, limit: 10, registrationUid: other.registrationUid }
    expect(await run((tx) => windows.findCandidates(tx, ofOther))).toHaveLength(1)
  })
})

describe('a lease', () => {
  beforeEach(async () => {
    await run((tx) => windows.oweWindows(tx, uid, [june, july], { now }))
  })

  test('goes to one of many workers, and one authorization has one at a time', async () => {
    const tries = Array.from({ length: 12 }, async (_, at) => await lease(at % 2 === 0 ? june : july, `worker-${at}`))
    const got = (await Promise.all(tries)).filter((each) => each !== null)
    expect(got).toHaveLength(1)
    expect(await run((tx) => windows.findCandidates(tx, { now, limit: 10 }))).toEqual([])
  })

  test('is kept by its heartbeat, and lost without', async () => {
    const mine = await held(june, 'a')
    await run((tx) => windows.extendLease(tx, uid, mine, { until: after(120), now: after(30) }))
    expect(await lease(june, 'b', after(100))).toBeNull()
    expect(await run((tx) => windows.sweepLeases(tx, { now: after(119) }))).toBe(0)
    const late = run((tx) => windows.extendLease(tx, uid, mine, { until: after(200), now: after(121) }))
    await expect(late).rejects.toThrow(LeaseLost)
    expect(await run((tx) => windows.sweepLeases(tx, { now: after(120) }))).toBe(1)
    expect(await states()).toEqual({ 1: 'owed', 2: 'owed' })
  })

  test('that was overtaken writes nothing, even where the same worker has the window again', async () => {
    const stale = await held(june, 'a')
    const fresh = await held(june, 'a', after(61))
    expect(BigInt(fresh.fence)).toBeGreaterThan(BigInt(stale.fence))
    const enter = async (fence: Lease) => await run((tx) => enterWrite(tx, uid, { dataClass: 'intervals', fence, now }))
    await expect(enter(stale)).rejects.toThrow(LeaseLost)
    for (const attempt of [
      async (tx: Tx) => await windows.finishWindow(tx, uid, stale, now),
      async (tx: Tx) => await windows.failWindow(tx, uid, stale, { reason: 'x', nextTry: now }),
      async (tx: Tx) => await windows.awaitWindow(tx, uid, stale, { reason: 'x', nextTry: now }),
      async (tx: Tx) => await windows.setWindowAside(tx, uid, stale, { reason: 'x', now }),
      async (tx: Tx) => await windows.handBackWindow(tx, uid, stale, now),
      async (tx: Tx) => await windows.extendLease(tx, uid, stale, { until: after(600), now }),
    ]) {
      await expect(run(attempt)).rejects.toThrow(LeaseLost)
    }
    expect(await enter(fresh)).toMatchObject({ companyUid: seed.companyUid })
    await run((tx) => windows.finishWindow(tx, uid, fresh, now))
    expect(await states()).toEqual({ 1: 'done', 2: 'owed' })
  })

  test('ends as done, to be tried again, waiting, aside or handed back, each visible', async () => {
    const failed = await held(june, 'a')
    await run((tx) => windows.failWindow(tx, uid, failed, { reason: 'utility_down', nextTry: after(60) }))
    expect(await lease(june, 'a', after(59))).toBeNull()
    const waiting = await held(june, 'a', after(60))
    await run((tx) => windows.awaitWindow(tx, uid, waiting, { reason: 'accepted', nextTry: after(3600) }))
    expect(await run((tx) => windows.makeDue(tx, uid, { product: 'usage', now: after(70) }))).toBe(1)
    const again = await held(june, 'a', after(70))
    await run((tx) => windows.handBackWindow(tx, uid, again, after(71)))
    const last = await held(june, 'a', after(71))
    await run((tx) => windows.setWindowAside(tx, uid, last, { reason: 'feed_rejected', now: after(72) }))
    expect(await run((tx) => windows.listWindows(tx, uid, { state: 'aside' }))).toMatchObject([
      { from: 1, reason: 'feed_rejected', attempts: 3 },
    ])
    expect(await run((tx) => windows.countWindows(tx))).toEqual([
      { product: 'usage', state: 'aside', count: 1 },
      { product: 'usage', state: 'owed', count: 1 },
    ])
  })

  test('whose workers die again and again is set aside, not tried for ever', async () => {
    for (let round = 0; round < 3; round++) {
      await held(june, 'a', after(round * 100))
      await run((tx) => windows.sweepLeases(tx, { now: after(round * 100 + 60), attemptsLimit: 3 }))
    }
    expect(await states()).toEqual({ 1: 'aside', 2: 'owed' })
  })
})

describe('the gate', () => {
  const enter = async (authorizationUid: Uid, dataClass: 'intervals' | 'bills' = 'intervals', at = now) =>
    await run((tx) => enterWrite(tx, authorizationUid, { dataClass, now: at }))

  test.each<[string, SeedOptions]>([
    ['not_active', { state: 'revoked' }],
    ['not_active', { state: 'pending' }],
    ['not_active', { state: 'needs_reauthorization' }],
    ['not_active', { state: 'expired' }],
    ['expired', { expires: now }],
    ['class_not_consented', { dataClasses: ['bills'] }],
  ])('refuses with %s: %o', async (reason, options) => {
    const other = await seedAuthorization(database.db, seed, options)
    const error: unknown = await enter(other).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConsentEnded)
    expect(error).toMatchObject({ reason, authorizationUid: other })
  })

  test('refuses an authorization that is not there', async () => {
    await expect(enter('1')).rejects.toMatchObject({ reason: 'not_active' })
  })

  test('tells whose data it is, what is covered and since when', async () => {
    const historyStart = new Date('2025-01-01T00:00:00.500Z')
    const other = await seedAuthorization(database.db, seed, { historyStart, dataClasses: ['intervals', 'meters'] })
    expect(await enter(other)).toEqual({
      companyUid: seed.companyUid,
      dataClasses: ['intervals', 'meters'],
      historyStart: Date.parse('2025-01-01T00:00:01Z') / 1000,
    })
  })

  test('keeps a revocation waiting until the write has ended, so none slips in between', async () => {
    const order: string[] = []
    let revoking: Promise<void> = Promise.resolve()
    await run(async (tx) => {
      await enterWrite(tx, uid, { dataClass: 'bills', now })
      revoking = database
        .admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [uid])
        .then(() => void order.push('revoked'))
      await windows.oweWindows(tx, uid, [june], { now })
      order.push('written')
    })
    await revoking
    expect(order).toEqual(['written', 'revoked'])
    await expect(enter(uid)).rejects.toThrow(ConsentEnded)
  })
})
