import { setTimeout } from 'node:timers/promises'

import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { Uid } from '../../../src/model/uid.ts'
import { type Db, openDb, type Tx } from '../../../src/storage/db.ts'
import { LeaseLost } from '../../../src/storage/errors.ts'
import * as windows from '../../../src/storage/windows.ts'
import { enterWrite, type Lease } from '../../../src/storage/write-gate.ts'
import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../database.ts'
import { sized } from '../size.ts'

const START = Date.parse('2026-11-25T12:00:00Z')
const LEASE_MS = 30_000
const at = (ms: number): Date => new Date(START + ms)
let database: TestDatabase
let workers: Db[]
let seed: Seed

beforeAll(async () => {
  database = await testDatabase()
  workers = Array.from({ length: 4 }, () => openDb(database.connection, 4))
  await database.admin('create table effects (authorization_uid bigint, starts bigint, worker int)')
  await database.admin('grant insert on effects to public')
})
beforeEach(async () => {
  await database.admin('delete from windows')
  await database.admin('delete from effects')
  seed = await seedCompany(database.db)
})
afterAll(async () => {
  await Promise.all(workers.map(async (each) => await each.close()))
  await database.close()
})

const month = (from: number, priority: number = windows.PRIORITY.history) => ({
  ...{ product: 'usage', resource: '', from, to: from + 1, priority },
})

async function owe(uid: Uid, count: number, priority?: number): Promise<void> {
  const all = Array.from({ length: count }, (_, index) => month(index + 1, priority))
  await database.db.operator((tx) => windows.oweWindows(tx, uid, all, { now: at(0) }))
}

async function lease(db: Db, uid: Uid, window: windows.WindowKey, owner: string, now: Date): Promise<Lease | null> {
  const until = new Date(now.getTime() + LEASE_MS)
  return await db.operator((tx) => windows.leaseWindow(tx, uid, window, { owner, until, now }))
}

/** What a collection does at its end: through the gate, the effect, the window closed; all or nothing. */
async function takeEffect(db: Db, uid: Uid, held: Lease, worker: number, now: Date): Promise<void> {
  await db.operator(async (tx) => {
    await enterWrite(tx, uid, { dataClass: 'intervals', fence: held, now })
    await sql`insert into effects values (${uid}, ${held.from}, ${worker})`.execute(tx)
    await windows.finishWindow(tx, uid, held, now)
  })
}

async function states(): Promise<Record<string, number>> {
  const counts = await database.db.operator((tx) => windows.countWindows(tx))
  return Object.fromEntries(counts.map(({ state, count }) => [state, count]))
}

async function effects(): Promise<{ all: number; different: number }> {
  const [row] = await database.admin(
    `select count(*)::int as all, count(distinct (authorization_uid, starts))::int as different from effects`,
  )
  return { all: Number(row?.['all']), different: Number(row?.['different']) }
}

/** A row of numbers that is the same for the same seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

test('S7.1 four workers that die at random have every effect exactly once', async () => {
  const jobs = sized(1000, 100)
  const uids = [seed.authorizationUid]
  while (uids.length < 10) uids.push(await seedAuthorization(database.db, seed))
  for (const uid of uids) await owe(uid, jobs / uids.length)
  let clock = 0
  const now = (): Date => at(clock)
  await Promise.all(
    workers.map(async (db, worker) => {
      const random = randomOf(worker + 1)
      while ((await states())['done'] !== jobs) {
        await db.operator((tx) => windows.sweepLeases(tx, { now: now(), attemptsLimit: 1_000_000 }))
        const found = await db.operator((tx) => windows.findCandidates(tx, { now: now(), limit: 8 }))
        if (found.length === 0) clock += LEASE_MS // what the dead held runs out
        for (const window of found) {
          const held = await lease(db, window.authorizationUid, window, `worker-${worker}`, now())
          if (held === null || random() < 0.1) continue // dead, the lease in its hand
          if (random() < 0.05) clock += LEASE_MS // slept through it
          try {
            await takeEffect(db, window.authorizationUid, held, worker, now())
          } catch (error) {
            if (!(error instanceof LeaseLost)) throw error // another one was faster
          }
        }
      }
    }),
  )
  expect(await effects()).toEqual({ all: jobs, different: jobs })
})

test('S7.3 one authorization is never in work twice, however many try', async () => {
  const tries = sized(10_000, 400)
  await owe(seed.authorizationUid, 2)
  const uid = seed.authorizationUid
  let running = 0
  let most = 0
  let held = 0
  await Promise.all(
    workers.map(async (db, worker) => {
      for (let index = 0; index < tries / workers.length; index++) {
        const got = await lease(db, uid, month(1 + ((index + worker) % 2)), `worker-${worker}`, at(0))
        if (got === null) continue
        running++
        held++
        most = Math.max(most, running)
        await setTimeout(0)
        running--
        await db.operator((tx) => windows.handBackWindow(tx, uid, got, at(0)))
      }
    }),
  )
  expect(held).toBeGreaterThan(10)
  expect(most).toBe(1)
})

test('S7.4 what is found a hundred times at once is owed once', async () => {
  const found = Array.from({ length: 100 }, async (_, index) => {
    const db = workers[index % workers.length] ?? database.db
    return await db.operator((tx) => windows.oweWindows(tx, seed.authorizationUid, [month(1)], { now: at(0) }))
  })
  const owed = await Promise.all(found)
  expect(owed.filter((count) => count === 1)).toHaveLength(1)
  expect(await states()).toEqual({ owed: 1 })
})

test('S7.6 a window that kills each of its workers is set aside, visible with its reason, and the others go on', async () => {
  const uid = seed.authorizationUid
  await owe(uid, 2)
  let clock = 0
  for (let deaths = 0; deaths < 10; deaths++) {
    expect(await lease(database.db, uid, month(2), 'doomed', at(clock))).not.toBeNull()
    clock += LEASE_MS
    expect(await database.db.operator((tx) => windows.sweepLeases(tx, { now: at(clock) }))).toBe(1)
  }
  const aside = await database.db.operator((tx) => windows.listWindows(tx, uid, { state: 'aside' }))
  expect(aside).toMatchObject([{ from: 2, reason: 'worker_lost', attempts: 10 }])
  const next = await database.db.operator((tx) => windows.findCandidates(tx, { now: at(clock), limit: 8 }))
  expect(next).toMatchObject([{ from: 1 }])
})

test.each([3600, -3600, 86_400, -86_400])(
  'S7.7 a clock that jumps by %i s while a window is in work neither doubles nor loses it',
  async (seconds) => {
    const uid = seed.authorizationUid
    await owe(uid, 1)
    const mine = await lease(database.db, uid, month(1), 'mine', at(0))
    if (mine === null) throw new Error('no lease')
    const jumped = at(seconds * 1000)
    await database.db.operator((tx) => windows.sweepLeases(tx, { now: jumped }))
    const other = await lease(database.db, uid, month(1), 'other', jumped)
    expect(other !== null).toBe(seconds > 0)
    const late: unknown = await takeEffect(database.db, uid, mine, 0, jumped).catch((error: unknown) => error)
    expect(late instanceof LeaseLost).toBe(seconds > 0)
    if (other !== null) await takeEffect(database.db, uid, other, 1, jumped)
    expect(await effects()).toEqual({ all: 1, different: 1 })
    expect(await states()).toEqual({ done: 1 })
  },
)

test('S7.10 work beyond a lease survives by its heartbeat, and is fenced without', async () => {
  const uid = seed.authorizationUid
  await owe(uid, 1)
  const kept = await lease(database.db, uid, month(1), 'kept', at(0))
  if (kept === null) throw new Error('no lease')
  for (const ms of [20_000, 40_000, 60_000]) {
    const extend = (tx: Tx) => windows.extendLease(tx, uid, kept, { until: at(ms + LEASE_MS), now: at(ms) })
    await database.db.operator(extend)
    expect(await database.db.operator((tx) => windows.sweepLeases(tx, { now: at(ms + LEASE_MS - 1) }))).toBe(0)
    expect(await lease(database.db, uid, month(1), 'other', at(ms + LEASE_MS - 1))).toBeNull()
  }
  await database.db.operator((tx) => windows.sweepLeases(tx, { now: at(90_000) }))
  const other = await lease(database.db, uid, month(1), 'other', at(90_000))
  if (other === null) throw new Error('the lease did not run out')
  await expect(takeEffect(database.db, uid, kept, 0, at(90_001))).rejects.toThrow(LeaseLost)
  await takeEffect(database.db, uid, other, 1, at(90_001))
  expect(await effects()).toEqual({ all: 1, different: 1 })
})

test('S7.11 a customer who is present goes before all that is owed of history', async () => {
  const backlog = sized(10_000, 1000)
  for (let uids = 0; uids < 10; uids++) await owe(await seedAuthorization(database.db, seed), backlog / 10)
  await owe(seed.authorizationUid, 1, windows.PRIORITY.present)
  const [first] = await database.db.operator((tx) => windows.findCandidates(tx, { now: at(0), limit: 64 }))
  expect(first).toMatchObject({ authorizationUid: seed.authorizationUid, priority: windows.PRIORITY.present })
})
