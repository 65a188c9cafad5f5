import { afterAll, beforeAll, expect, test } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { listLimits } from '../storage/limit-rows.ts'
import type { SlotClaim } from '../storage/limits.ts'
import { claimTogether } from './claim-together.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())

const now = new Date('2026-11-25T12:00:00Z')
const claim = (perSecond: number | null, perDay: number | null): Omit<SlotClaim, 'now'> => ({
  quota: { perSecond, perHour: null, perDay, dayStarts: { hour: 0, timezone: 'UTC' } },
  urgency: 'present',
})

test('claims of many lanes count as many, each gets its own, and a few transactions are enough', async () => {
  const { registrationUid } = await seedCompany(database.db)
  let transactions = 0
  const counting: typeof database.db = {
    ...database.db,
    operator: async (work) => {
      transactions++
      return await database.db.operator(work)
    },
  }
  const together = claimTogether(counting, () => now)
  const slots = await Promise.all(Array.from({ length: 16 }, () => together(registrationUid, claim(100, 10))))
  expect(slots.filter(({ granted }) => granted)).toHaveLength(10)
  const moments = slots.flatMap((slot) => (slot.granted ? [slot.at.getTime() - now.getTime()] : []))
  expect(moments).toEqual([0, 11, 22, 33, 44, 55, 66, 77, 88, 99])
  expect(slots.filter((slot) => !slot.granted && slot.reason === 'day')).toHaveLength(6)
  expect(transactions).toBe(2) // the first claim alone, and those that came meanwhile
  const limits = await database.db.operator((tx) => listLimits(tx))
  expect(limits.find((limit) => limit.registrationUid === registrationUid)).toMatchObject({ dayUsed: 10 })
})

test('a claim that waited for the database for minutes does not set the second of those before it back', async () => {
  const { registrationUid } = await seedCompany(database.db)
  let at = now.getTime()
  const stalling: typeof database.db = {
    ...database.db,
    operator: async (work) => {
      at += 120_000
      return await database.db.operator(work)
    },
  }
  const first = claimTogether(database.db, () => new Date(now.getTime() + 120_000))
  expect(await first(registrationUid, claim(1, null))).toEqual({ granted: true, at: new Date(now.getTime() + 120_000) })
  const second = await claimTogether(stalling, () => new Date(at))(registrationUid, claim(1, null))
  expect(second).toEqual({ granted: true, at: new Date(now.getTime() + 121_050) })
})

test('a claim that fails fails alone: those that come later are made', async () => {
  const { registrationUid } = await seedCompany(database.db)
  let failures = 1
  const failing: typeof database.db = {
    ...database.db,
    operator: async (work) => {
      if (failures-- > 0) throw new Error('the database went away')
      return await database.db.operator(work)
    },
  }
  const together = claimTogether(failing, () => now)
  const first = together(registrationUid, claim(null, null))
  const second = together(registrationUid, claim(null, null))
  await expect(first).rejects.toThrow('went away')
  expect(await second).toMatchObject({ granted: true })
  expect(await together(registrationUid, claim(null, null))).toMatchObject({ granted: true })
})
