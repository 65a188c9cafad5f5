import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { type Seed, seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { moveAuthorization } from '../storage/authorizations.ts'
import { closeRequests } from '../storage/bulk-requests.ts'
import { insertNotification, listUnjudged, markJudged } from '../storage/notifications.ts'
import { findCandidates, oweWindows, PRIORITY } from '../storage/windows.ts'
import { followHint, oweLostFiles } from './judge-notifications.ts'
import { oweNamed } from './owe-named.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const ORIGIN = 'http://127.0.0.1:1'
const file = (n: number): string => `${ORIGIN}/Batch/Bulk/B/B_REVQ_20261125_000000_${n}.XML`

let database: TestDatabase
let seed: Seed
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())
beforeEach(async () => {
  await database.admin('truncate companies, notifications cascade')
  seed = await seedCompany(database.db, { utility: 'SCE' })
  const endpoints = { authorizationEndpoint: ORIGIN, tokenEndpoint: ORIGIN, customerPortal: ORIGIN }
  await database.admin(`update registrations set bulk_id = 'B', addresses = $1`, [
    JSON.stringify({ resourceBase: ORIGIN, ...endpoints }),
  ])
})

/** A customer whom files call `id`. */
async function addCustomer(id: string, state: 'active' | 'pending' = 'active'): Promise<Uid> {
  const uid = await seedAuthorization(database.db, seed, { utility: 'SCE', state })
  await database.admin('update authorizations set retail_customer = $2 where authorization_uid = $1', [uid, id])
  return uid
}

async function ownersOf(address: string): Promise<string[]> {
  const rows = await database.admin('select authorization_uid::text as uid from windows where resource = $1', [address])
  return rows.map(({ uid }) => String(uid)).toSorted()
}

async function nameFiles(...files: string[]): Promise<number> {
  const { registrationUid } = seed
  return await database.db.operator(async (tx) => {
    await insertNotification(tx, { registrationUid, body: Buffer.from('-'), received: NOW })
    for (const { notificationUid } of await listUnjudged(tx, { after: '0', limit: 10 }))
      await markJudged(tx, { notificationUid, resources: files, outcome: 'judged', now: NOW })
    return await followHint(tx, { registrationUid, resources: files }, NOW)
  })
}

const candidates = async (): Promise<string[]> =>
  (await database.db.operator((tx) => findCandidates(tx, { now: NOW, limit: 10 }))).map((one) => one.authorizationUid)

describe('a bulk file', () => {
  it('that is named is owed to one customer, however many there are, and however often it is named', async () => {
    for (const id of ['a', 'b', 'c']) await addCustomer(id)
    expect(await nameFiles(file(1), file(2))).toBe(2)
    expect(await nameFiles(file(1))).toBe(0)
    expect(await ownersOf(file(1))).toHaveLength(1)
  })

  it('is owed to all that wait for what they asked for, so that none is finished before it was looked into', async () => {
    const [, waiting] = [await addCustomer('a'), await addCustomer('b')]
    const ask = { product: 'bulk_request', resource: '', from: 0, to: 0, priority: PRIORITY.present }
    await database.db.operator((tx) => oweWindows(tx, waiting, [ask], { now: NOW }))
    expect(await nameFiles(file(1), file(2))).toBe(2)
    expect([await ownersOf(file(1)), await ownersOf(file(2))]).toEqual([[waiting], [waiting]])
  })

  /** A file that came since they asked, as after the first collection. */
  async function giveFile(uid: Uid): Promise<void> {
    const window = { product: 'file', resource: file(9), from: 0, to: 0, priority: PRIORITY.present }
    await database.db.operator((tx) => oweWindows(tx, uid, [window], { now: NOW }))
    await database.admin(
      `update windows set state = 'done', finished = $2 where authorization_uid = $1 and product = 'file'`,
      [uid, NOW],
    )
    await database.admin(`update authorizations set status = 'updated' where authorization_uid = $1`, [uid])
  }

  it('that holds nothing of a new customer does not answer their first request, and answers a later one', async () => {
    const uid = await addCustomer('a')
    const ask = { product: 'bulk_request', resource: '', from: 0, to: 0, priority: PRIORITY.present }
    await database.db.operator((tx) => oweWindows(tx, uid, [ask], { now: NOW }))
    await giveFile(uid)
    const stateAs = async (status: string): Promise<unknown> => {
      await database.admin('update authorizations set status = $2 where authorization_uid = $1', [uid, status])
      await database.db.operator((tx) =>
        closeRequests(tx, { authorizationUid: uid, registrationUid: seed.registrationUid }, NOW),
      )
      return (await database.admin(`select state from windows where product = 'bulk_request'`)).map(
        ({ state }) => state,
      )
    }
    expect(await stateAs('pending')).toEqual(['owed'])
    expect(await stateAs('updated')).toEqual(['done'])
  })

  it.each(['expired', 'needs_reauthorization'] as const)(
    'keeps nobody waiting when whoever it was owed to is %s, and is owed to another',
    async (to) => {
      const [gone, other] = [await addCustomer('a'), await addCustomer('b')]
      const ask = { product: 'bulk_request', resource: '', from: 0, to: 0, priority: PRIORITY.present }
      await database.db.operator((tx) => oweWindows(tx, gone, [ask], { now: NOW }))
      await nameFiles(file(1))
      await database.db.operator((tx) => oweWindows(tx, other, [ask], { now: NOW }))
      await giveFile(other)
      const isOpen = async (): Promise<boolean> => {
        await database.db.operator((tx) =>
          closeRequests(tx, { authorizationUid: other, registrationUid: seed.registrationUid }, NOW),
        )
        const [row] = await database.admin(
          `select state from windows where product = 'bulk_request' and authorization_uid = $1`,
          [other],
        )
        return row?.['state'] !== 'done'
      }
      expect(await isOpen()).toBe(true)
      await database.admin('update authorizations set state = $2 where authorization_uid = $1', [gone, to])
      expect(await isOpen()).toBe(false)
      expect(await database.db.operator((tx) => oweLostFiles(tx, NOW))).toBe(1)
      expect((await ownersOf(file(1))).filter((uid) => uid !== gone)).toHaveLength(1)
    },
  )

  it('that was fetched while a customer confirms is owed to that customer, whichever comes first', async () => {
    const confirmed = { from: 'pending', to: 'active', ends: false, revokedBy: null, statusMessage: null } as const
    const pending = await addCustomer('b', 'pending')
    const found = {
      registrationUid: seed.registrationUid,
      file: file(1),
      delivery: 'bulk-files',
      owners: ['b'],
    } as const
    const owing = await database.db.operator(async (tx) => {
      await moveAuthorization(tx, { authorizationUid: pending, ...confirmed, now: NOW })
      // Cannot see that it is active until this is committed.
      const other = oweNamed({ db: database.db, now: () => NOW }, found)
      await expect
        .poll(() => database.admin(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'share'`))
        .toHaveLength(1)
      return { other }
    })
    await owing.other
    expect(await candidates()).toEqual([pending])
  })

  it('that was fetched is owed to those it names; whoever has not confirmed yet takes it once active', async () => {
    const [named, pending] = [await addCustomer('a'), await addCustomer('b', 'pending')]
    await addCustomer('c')
    const { registrationUid } = seed
    const found = { registrationUid, file: file(1), delivery: 'bulk-files', owners: ['a', 'b', 'unknown'] } as const
    await oweNamed({ db: database.db, now: () => NOW }, found)
    await oweNamed({ db: database.db, now: () => NOW }, found)
    expect(await ownersOf(file(1))).toEqual([named, pending].toSorted())
    expect(await candidates()).toEqual([named])
    const confirmed = { from: 'pending', to: 'active', ends: false, revokedBy: null, statusMessage: null } as const
    await database.db.operator((tx) => moveAuthorization(tx, { authorizationUid: pending, ...confirmed, now: NOW }))
    expect((await candidates()).toSorted()).toEqual([named, pending].toSorted())
  })

  it('is owed to another customer when the one has ended before it was fetched', async () => {
    await nameFiles(file(1))
    const first = await ownersOf(file(1))
    expect(first).toEqual([seed.authorizationUid])
    const other = await addCustomer('b')
    expect(await database.db.operator((tx) => oweLostFiles(tx, NOW))).toBe(0)
    const ended = { from: 'active', to: 'revoked', ends: true, revokedBy: 'customer', statusMessage: null } as const
    await database.db.operator((tx) =>
      moveAuthorization(tx, { authorizationUid: seed.authorizationUid, ...ended, now: NOW }),
    )
    expect(await candidates()).toEqual([])
    expect(await database.db.operator((tx) => oweLostFiles(tx, NOW))).toBe(1)
    expect(await candidates()).toEqual([other])
  })
})
