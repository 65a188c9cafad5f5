import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import type { Uid } from '../model/uid.ts'
import { codeOf, type Tx } from '../storage/db.ts'
import { ConsentEnded, LeaseLost } from '../storage/errors.ts'
import { finishWindow, leaseWindow, listWindows, oweWindows } from '../storage/windows.ts'
import { enterWrite, type Lease } from '../storage/write-gate.ts'
import { type Commit, openGroupCommit } from './group-commit.ts'

const now = new Date('2026-11-25T12:00:00Z')
const window = { product: 'usage', resource: 'up-1', from: 1, to: 2, priority: 5 }

let database: TestDatabase
let commit: Commit
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(() => {
  commit = openGroupCommit(database.db)
})
afterAll(async () => await database.close())

async function transactionOf(tx: Tx): Promise<string> {
  const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(tx)
  return rows[0]?.id ?? ''
}

describe('works that are ready together', () => {
  it('are one transaction, and one that comes while it runs goes into the next', async () => {
    const latecomers: Promise<string>[] = []
    const ids = await Promise.all(
      ['1', '2', '3'].map((uid) =>
        commit(uid, async (tx) => {
          latecomers.push(commit(uid, transactionOf))
          return await transactionOf(tx)
        }),
      ),
    )
    const later = await Promise.all(latecomers)
    expect([new Set(ids).size, new Set(later).size]).toEqual([1, 1])
    expect(later).not.toContain(ids[0])
  })

  it('of one authorization are transactions of their own, one after the other: neither overwrites what the other read', async () => {
    const running = new Set<Uid>()
    const one = (uid: Uid): Promise<string> =>
      commit(uid, async (tx) => {
        expect(running.has(uid)).toBe(false)
        running.add(uid)
        const id = await transactionOf(tx)
        running.delete(uid)
        return id
      })
    const ids = await Promise.all(['1', '1', '2', '1'].map(one))
    expect(new Set(ids).size).toBe(3)
    expect(ids[2]).toBe(ids[0])
  })

  it('begin in the order of their authorizations, as in every other process', async () => {
    const begun: string[] = []
    await Promise.all(['30', '9', '200'].map((uid) => commit(uid, async () => void begun.push(uid))))
    expect(begun).toEqual(['9', '30', '200'])
  })
})

describe('windows of several companies in one group', () => {
  type Held = { uid: Uid; lease: Lease }
  let held: Held[]
  beforeEach(async () => {
    held = await Promise.all(Array.from({ length: 3 }, () => hold()))
  })

  async function hold(): Promise<Held> {
    const { authorizationUid: uid } = await seedCompany(database.db)
    const until = new Date(now.getTime() + 60_000)
    return await database.db.operator(async (tx) => {
      await oweWindows(tx, uid, [window], { now })
      const lease = await leaseWindow(tx, uid, window, { owner: 'one', until, now })
      if (!lease) throw new Error('no lease')
      return { uid, lease }
    })
  }

  /** As a window is stored: the gate, what it brought, and that it is done. `between`: after the gate. */
  const store = ({ uid, lease }: Held, between: (tx: Tx) => Promise<unknown> = () => Promise.resolve()) =>
    commit(uid, async (tx) => {
      await enterWrite(tx, uid, { dataClass: 'intervals', fence: lease, now })
      await sql`update authorizations set nickname = 'stored' where authorization_uid = ${uid}`.execute(tx)
      await between(tx)
      await finishWindow(tx, uid, lease, now)
    })

  /** What became of each: the state of its window, and whether anything was stored. */
  const outcomes = async (): Promise<string[]> =>
    await Promise.all(
      held.map(async ({ uid }) => {
        const [one] = await database.db.operator((tx) => listWindows(tx, uid))
        const [row] = await database.admin('select nickname from authorizations where authorization_uid = $1', [uid])
        return `${one?.state} ${row?.['nickname'] === 'stored' ? 'stored' : 'nothing'}`
      }),
    )

  /** Stores all, with what goes wrong in the second; returns its error. */
  async function storeAll(between?: (tx: Tx) => Promise<unknown>): Promise<unknown> {
    const settled = await Promise.allSettled(held.map((one, at) => store(one, at === 1 ? between : undefined)))
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await outcomes()).toEqual(['done stored', 'leased nothing', 'done stored'])
    return settled[1]?.status === 'rejected' ? settled[1].reason : null
  }

  it('of which one is poison to the database: the others are stored, and of it nothing is', async () => {
    const error = await storeAll((tx) => sql`select 1 / 0`.execute(tx))
    expect(codeOf(error)).toBe('22012')
  })

  it('of which one fails after it has written: the others are stored, and of it nothing is', async () => {
    const poison = new RangeError('cannot be packed')
    expect(await storeAll(() => Promise.reject(poison))).toBe(poison)
  })

  it('of which one was revoked meanwhile: its write is refused in SQL', async () => {
    await database.admin(`update authorizations set state = 'revoked' where authorization_uid = $1`, [held[1]?.uid])
    expect(await storeAll()).toBeInstanceOf(ConsentEnded)
  })

  it('of which one has another worker by now: its write is refused in SQL', async () => {
    await database.admin('update windows set fence = fence + 1 where authorization_uid = $1', [held[1]?.uid])
    expect(await storeAll()).toBeInstanceOf(LeaseLost)
  })

  it('whose connection breaks: all are stored all the same', async () => {
    let breaks = 1
    const settled = await Promise.allSettled(
      held.map((one) =>
        store(one, async (tx) => {
          if (breaks-- > 0) await sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx)
        }),
      ),
    )
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect(await outcomes()).toEqual(['done stored', 'done stored', 'done stored'])
  })
})
