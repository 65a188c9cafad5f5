import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { recordFailure } from '../storage/breaker.ts'
import { PRIORITY } from '../storage/windows.ts'
import { admitWindow } from './admit-window.ts'
import { claimTogether } from './claim-together.ts'

const quota = { perSecond: 1, perHour: null, perDay: null, dayStarts: null }
const window = { priority: PRIORITY.fresh }
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())

it('a database that stalls while a request is admitted does not send two in one second', async () => {
  const { registrationUid } = await seedCompany(database.db)
  let ms = Date.parse('2026-11-25T12:00:00Z')
  const stalls = [3000, 0, 1500]
  const stalling: typeof database.db = {
    ...database.db,
    operator: async (work) => {
      const answer = await database.db.operator(work)
      ms += stalls.shift() ?? 0
      return answer
    },
  }
  const deps = {
    claim: claimTogether(stalling, () => new Date(ms)),
    now: () => new Date(ms),
    wait: (waitMs: number) => Promise.resolve(void (ms += waitMs)),
  }
  const sent: number[] = []
  for (let requests = 0; requests < 5; requests++) {
    await admitWindow(deps, { quota, registrationUid }, window)
    sent.push(ms)
  }
  const apart = sent.slice(1).map((at, n) => at - (sent[n] ?? 0))
  expect(Math.min(...apart)).toBeGreaterThan(1000)
})

it('the first request after failures is told from others, and a quota that is used up is an error', async () => {
  const { registrationUid } = await seedCompany(database.db)
  const now = new Date('2026-11-25T12:00:00Z')
  const deps = { claim: claimTogether(database.db, () => now), now: () => now, wait: () => Promise.resolve() }
  const once = { registrationUid, quota: { ...quota, perSecond: null, perDay: 2 } }
  expect(await admitWindow(deps, once, { priority: PRIORITY.present })).toBe(false)
  await database.db.operator((tx) => recordFailure(tx, registrationUid, { now }))
  expect(await admitWindow(deps, once, { priority: PRIORITY.present })).toBe(true)
  await expect(admitWindow(deps, once, window)).rejects.toMatchObject({ code: 'quota_used_up' })
})
