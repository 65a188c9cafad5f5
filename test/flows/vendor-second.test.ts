import { afterEach, beforeEach, expect, it } from 'vitest'

import { createRequestLog } from '../../simulators/kit/requests.ts'
import { defaultSettings } from '../../simulators/kit/settings.ts'
import { claimSlot, reserveSlot } from '../../src/storage/limits.ts'
import type { Quota } from '../../src/storage/take-slot.ts'
import { utilityOf } from '../../src/utilities/index.ts'
import { seedCompany, testDatabase, type TestDatabase } from '../database.ts'

const START = Date.parse('2026-11-25T12:00:00Z')
let database: TestDatabase
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => await database.close())

/** Both registrations ask as fast as they may for some seconds, each first in turn. Returns what each was granted. */
async function sendFor(seconds: number, registrations: readonly string[], quota: Quota): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let step = 0; step < seconds * 4; step++) {
    const now = new Date(START + step * 250)
    for (const client of step % 8 < 4 ? registrations : registrations.toReversed()) {
      const slot = await database.db.operator((tx) => claimSlot(tx, client, { quota, urgency: 'present', now }))
      if (slot.granted) sent.push({ client, at: slot.at.getTime() / 1000 })
    }
  }
  return sent.toSorted((a, b) => a.at - b.at)
}

type Sent = { client: string; at: number }

/** How often the utility saw its second broken. */
function violations(sent: readonly Sent[]): number {
  const log = createRequestLog()
  const quota = { perSecond: 1, perHour: 2000, perDay: 20_000, secondPerVendor: true }
  return sent.filter(({ client, at }) => log.meter({ ...defaultSettings, quota }, at, client) !== null).length
}

it('PG&E counts the second over all of our client ids: two registrations share it, and both get on', async () => {
  const [one, two] = [
    await seedCompany(database.db, { utility: 'PG&E' }),
    await seedCompany(database.db, { utility: 'PG&E' }),
  ]
  const registrations = [one.registrationUid, two.registrationUid]
  const sent = await sendFor(20, registrations, utilityOf('PG&E').quota)
  expect(violations(sent)).toBe(0)
  expect(sent.length).toBeGreaterThanOrEqual(19)
  for (const registration of registrations)
    expect(sent.filter(({ client }) => client === registration).length).toBeGreaterThan(3)

  const now = new Date(START + 60_000)
  const reserved: number[] = []
  for (const uid of [...registrations, ...registrations]) {
    const slot = await database.db.operator((tx) => reserveSlot(tx, uid, utilityOf('PG&E').quota, now))
    reserved.push((slot.granted ? slot.at : slot.retryAt).getTime() - now.getTime())
  }
  expect(reserved).toEqual([0, 1050, 2100, 3150])
})

it('another environment, and a utility that counts each client id, know nothing of each other’s second', async () => {
  const [one, two] = [
    await seedCompany(database.db, { utility: 'PG&E' }),
    await seedCompany(database.db, { utility: 'PG&E' }),
  ]
  const apart = [one.registrationUid, two.registrationUid]
  await database.admin(`update registrations set environment = 'production' where registration_uid = $1`, [apart[0]])
  expect((await sendFor(10, apart, utilityOf('PG&E').quota)).length).toBeGreaterThanOrEqual(19)

  const each: Quota = { ...utilityOf('PG&E').quota, perSecondScope: 'registration' }
  const [three, four] = [await seedCompany(database.db), await seedCompany(database.db)]
  const alone = await sendFor(10, [three.registrationUid, four.registrationUid], each)
  expect(violations(alone)).toBeGreaterThan(5)
})
