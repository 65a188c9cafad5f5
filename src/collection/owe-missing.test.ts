import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { childUid } from '../model/uid.ts'
import { findPageEnd, listDueForRefresh } from '../storage/active-authorizations.ts'
import { GAP, PRIORITY } from '../storage/windows.ts'
import { addLocalDays } from '../units/local-days.ts'
import { oweMissing } from './owe-missing.ts'

const zone = 'America/Los_Angeles'
const START = new Date('2026-11-25T20:00:00Z')
const HOUR = 3600
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const collector = { ring: () => undefined, idle: () => Promise.resolve(), close: () => Promise.resolve() }

let database: TestDatabase
let seed: Seed
let now = START
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())
beforeEach(async () => {
  await database.admin('truncate companies, notifications cascade')
  now = START
})

/** The local midnight so many days from the start of the test. */
const day = (days: number): number => addLocalDays(START.getTime() / 1000, days, zone)
const pass = (days: number): void => void (now = new Date(now.getTime() + days * 86_400_000))

/** A meter whose readings cover these spans; the newest first meter of an authorization is 1. */
async function cover(uid: Uid, usagePoint: string, spans: [number, number][]): Promise<void> {
  await database.admin(
    `insert into meters (authorization_uid, meter_uid, company_uid, usage_point, facts, status_ts, created, updated,
       interval_coverage)
     select authorization_uid, $2, company_uid, $3, '{"status": "active"}', $4, $4, $4, $5 from authorizations
      where authorization_uid = $1
     on conflict (authorization_uid, meter_uid) do update set interval_coverage = excluded.interval_coverage`,
    [uid, childUid(uid, 900 + Number(usagePoint)), usagePoint, START, JSON.stringify(spans)],
  )
}

type Asked = { resource: string; from: number; to: number }

/** Runs the job, and answers what it owes with nothing. Returns what was owed, newest first. */
async function askedToday(): Promise<Asked[]> {
  const { db } = database
  await oweMissing.run({}, { db, now: () => now, signal: new AbortController().signal, log: silent, collector })
  const rows = await database.admin(
    `select resource, starts::float8 as "from", ends::float8 as "to" from windows where state = 'owed' and priority = $1
      order by ends desc, resource`,
    [GAP],
  )
  await database.admin(`update windows set state = 'done', finished = $1 where state = 'owed'`, [now])
  return rows.map(({ resource, from, to }) => ({ resource: String(resource), from: Number(from), to: Number(to) }))
}

async function finishUsage(uid: Uid, resource: string, from: number, to: number, finished: Date): Promise<void> {
  await database.admin(
    `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, state,
       next_try, created, finished)
     select authorization_uid, 'usage', $2, $3, $4, company_uid, registration_uid, 'done', $5, $5, $5
       from authorizations where authorization_uid = $1`,
    [uid, resource, from, to, finished],
  )
}

describe('a gap between readings', () => {
  beforeEach(async () => {
    seed = await seedCompany(database.db, { utility: 'PG&E' })
  })
  const uidOf = (): Uid => seed.authorizationUid

  it('is asked for again: whole local days, of its usage point, behind all other history', async () => {
    await cover(uidOf(), '1', [
      [day(-90), day(-60) + 5 * HOUR],
      [day(-60) + 7 * HOUR, day(-40)],
      [day(-38), day(-2)],
    ])
    expect(await askedToday()).toEqual([
      { resource: '1', from: day(-40), to: day(-38) },
      { resource: '1', from: day(-60), to: day(-59) },
    ])
  })

  it('is asked for less and less while it stays, and not at all once it is filled', async () => {
    const gap: [number, number][] = [
      [day(-400), day(-300)],
      [day(-299), day(-2)],
    ]
    await cover(uidOf(), '1', gap)
    const days: number[] = []
    for (let at = 0; at <= 110; at++) {
      if ((await askedToday()).length > 0) days.push(at)
      pass(1)
    }
    expect(days).toEqual([0, 1, 4, 11, 41, 71, 101])
    pass(60)
    await cover(uidOf(), '1', [[day(-400), day(-2)]])
    expect(await askedToday()).toEqual([])
  })

  it('costs three windows a day at most, however many there are and however often the schedule rings', async () => {
    const holes = Array.from({ length: 40 }, (_, n): [number, number] => [day(-200 + 3 * n), day(-198 + 3 * n)])
    await cover(uidOf(), '1', holes)
    const counts: number[] = []
    for (let at = 0; at < 14; at++) {
      counts.push((await askedToday()).length)
      counts.push((await askedToday()).length)
      pass(1)
    }
    expect(counts).toEqual(Array.from({ length: 14 }, () => [3, 0]).flat())
    const [{ gaps } = { gaps: 0 }] = await database.admin('select count(*)::int as gaps from windows')
    expect(gaps).toBe(39)
  })

  it('is left alone where it is young, was asked for within a day, or lies before the consent or the utility', async () => {
    const young = Math.floor(START.getTime() / 1000) - 20 * HOUR
    await cover(uidOf(), '1', [
      [day(-2000), day(-1900)],
      [day(-1890), day(-740)],
      [day(-735), day(-30)],
      [day(-29), young - HOUR],
      [young, young + HOUR],
    ])
    await finishUsage(uidOf(), '1', day(-35), day(1), new Date(START.getTime() - 23 * HOUR * 1000))
    expect(await askedToday()).toEqual([])
    pass(1)
    expect(await askedToday()).toEqual([
      { resource: '1', from: day(-1), to: day(0) },
      { resource: '1', from: day(-30), to: day(-29) },
    ])
  })

  it('is not asked for where consent covers no usage, the grant holds none, or the authorization has ended', async () => {
    const { db } = database
    const gap: [number, number][] = [
      [day(-90), day(-60)],
      [day(-59), day(-2)],
    ]
    const bills = await seedAuthorization(db, seed, { utility: 'PG&E', dataClasses: ['meters', 'bills'] })
    const refused = await seedAuthorization(db, seed, { utility: 'PG&E' })
    const ended = await seedAuthorization(db, seed, { utility: 'PG&E', state: 'revoked' })
    for (const uid of [bills, refused, ended]) await cover(uid, '1', gap)
    await finishUsage(refused, '1', day(-1), day(0), START)
    await database.admin(`update windows set state = 'aside', reason = 'not_in_grant'`)
    expect(await askedToday()).toEqual([])
  })

  it('does not put off what the frequency of a customer promises', async () => {
    const uid = uidOf()
    await database.admin(`update authorizations set monitoring = 'weekly'`)
    await cover(uid, '1', [
      [day(-90), day(-60)],
      [day(-59), day(-9)],
    ])
    await finishUsage(uid, '1', day(-35), day(-7), new Date(START.getTime() - 8 * 86_400_000))
    expect(await askedToday()).toHaveLength(1)
    const due = await database.db.operator(async (tx) => {
      const last = await findPageEnd(tx, { after: '0', limit: 10 })
      return await listDueForRefresh(tx, { now, after: '0', last: last ?? '0' })
    })
    expect(due.map(({ authorizationUid }) => authorizationUid)).toEqual([uid])
  })
})

it('a share without meters is asked for its usage points again, whatever packages it looks into for others', async () => {
  seed = await seedCompany(database.db, { utility: 'PG&E' })
  const uid = seed.authorizationUid
  await database.admin(`update authorizations set monitoring = 'daily'`)
  for (const [product, hours] of [
    ['usage_points', 25],
    ['file', 1],
  ] as const)
    await database.admin(
      `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
         next_try, created, state, finished) select authorization_uid, $2, '', 0, 0, company_uid, registration_uid, 0, $3, $3, 'done', $3
         from authorizations where authorization_uid = $1`,
      [uid, product, new Date(now.getTime() - hours * HOUR * 1000)],
    )
  const due = await database.db.operator((tx) => listDueForRefresh(tx, { now, after: '0', last: uid }))
  expect(due.map(({ authorizationUid }) => authorizationUid)).toEqual([uid])
})

it('where one request covers the subscription, gaps of all its meters are one list', async () => {
  seed = await seedCompany(database.db, { utility: 'DEMO' })
  for (const [usagePoint, hole] of [
    ['1', -60],
    ['2', -59],
    ['3', -50],
  ] as const)
    await cover(seed.authorizationUid, usagePoint, [
      [day(-90), day(hole)],
      [day(hole + 1), day(-2)],
    ])
  expect(await askedToday()).toEqual([
    { resource: '', from: day(-50), to: day(-49) },
    { resource: '', from: day(-60), to: day(-58) },
  ])
})

describe('where files bring everything', () => {
  beforeEach(async () => {
    seed = await seedCompany(database.db, { utility: 'SCE' })
    await database.admin(`update registrations set bulk_id = 'B'`)
  })

  const requests = async (): Promise<number> => (await askedToday()).length

  it('a registration asks once a day which ones are kept, whether or not a reading is missing', async () => {
    await seedAuthorization(database.db, seed, { utility: 'SCE' })
    await cover(seed.authorizationUid, '1', [[day(-90), day(-1)]])
    const counts: number[] = []
    for (let at = 0; at < 4; at++) {
      counts.push((await requests()) + (await requests()))
      pass(1)
    }
    expect(counts).toEqual([1, 1, 1, 1])
  })

  it('also where a customer was refreshed a moment ago: a file may have come instead of the answer', async () => {
    await database.admin(
      `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
         next_try, created, state, finished)
       select authorization_uid, 'bulk_request', '', 0, 0, company_uid, registration_uid, $2, $1, $1, 'done', $1
         from authorizations`,
      [new Date(now.getTime() - HOUR * 1000), PRIORITY.fresh],
    )
    expect(await requests()).toBe(1)
  })

  it('not while a request is open: it is repeated until it is answered', async () => {
    for (const state of ['owed', 'waiting', 'leased']) {
      await database.admin('delete from windows')
      await database.admin(
        `insert into windows (authorization_uid, product, resource, starts, ends, company_uid, registration_uid, priority,
           next_try, created, state)
         select authorization_uid, 'bulk_request', '', 0, 0, company_uid, registration_uid, $3, $1, $1, $2
           from authorizations`,
        [now, state, PRIORITY.fresh],
      )
      expect(await requests()).toBe(0)
    }
  })

  it('under a customer whose share runs and whose consent covers something, else not at all', async () => {
    await database.admin(`update authorizations set state = 'revoked'`)
    expect(await requests()).toBe(0)
    await seedAuthorization(database.db, seed, { utility: 'SCE', dataClasses: [] })
    expect(await requests()).toBe(0)
    await seedAuthorization(database.db, seed, { utility: 'SCE', dataClasses: ['bills'] })
    expect(await requests()).toBe(1)
  })
})
