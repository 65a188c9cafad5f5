import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedAuthorization, seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { oweWindows } from '../storage/windows.ts'
import { watchLag } from './watch-lag.ts'

const START = Date.parse('2026-11-20T12:00:00Z')
const HOUR_MS = 3_600_000
let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => await database.close())

it('who gets nothing for 72 hours is told: in the log each time, by mail once a registration and day', async () => {
  const { db } = database
  const seed = await seedCompany(db, { utility: 'PG&E', now: new Date(START - 30 * 24 * HOUR_MS) })
  await seedAuthorization(db, seed, { utility: 'PG&E', now: new Date(START - 30 * 24 * HOUR_MS) })
  const fine = await seedCompany(db, { utility: 'SCE', now: new Date(START - 30 * 24 * HOUR_MS) })
  await database.admin(`update authorizations set monitoring = 'daily'`)
  const window = { product: 'usage', resource: 'u', from: 1, to: 2, priority: 0 }
  for (const { authorizationUid } of [seed, fine])
    await db.operator((tx) => oweWindows(tx, authorizationUid, [window], { now: new Date(START) }))
  const came = async (uid: string, hours: number): Promise<void> => {
    const at = new Date(START + hours * HOUR_MS)
    await database.admin(`update windows set state = 'done', finished = $2 where authorization_uid = $1`, [uid, at])
  }
  await database.admin(`update authorizations set monitoring = 'off' where authorization_uid not in ($1, $2)`, [
    seed.authorizationUid,
    fine.authorizationUid,
  ])
  const logged: Record<string, unknown>[] = []
  const log = {
    info: () => undefined,
    warn: (fields: object) => void logged.push({ ...fields }),
    error: () => undefined,
  }
  await came(seed.authorizationUid, 0)

  const lines: number[] = []
  const mails: number[] = []
  for (let hours = 66; hours <= 102; hours += 6) {
    await came(fine.authorizationUid, hours - 1)
    const now = (): Date => new Date(START + hours * HOUR_MS)
    logged.length = 0
    const watch = { db, now, operatorEmail: 'operator@example.com' }
    await watchLag.run({}, { db, now, signal: new AbortController().signal, log, watch })
    lines.push(logged.length)
    mails.push((await database.admin(`select from mails`)).length)
  }
  expect(logged[0]).toMatchObject({ registrationUid: seed.registrationUid, utility: 'PG&E', customers: 1 })
  // 72 h is noon of the 23rd; at 84 h the 24th begins.
  expect(lines).toEqual([0, 0, 1, 1, 1, 1, 1])
  expect(mails).toEqual([0, 0, 1, 2, 2, 2, 2])
  const [mail] = await database.admin('select recipient, subject, body from mails order by mail_uid limit 1')
  expect(mail).toMatchObject({
    recipient: 'operator@example.com',
    subject: 'No data from Pacific Gas and Electric for 72 hours',
  })
  expect(mail?.['body']).toContain(`gbp utility check ${seed.registrationUid}`)
  const alarms = await database.admin(`select details from audit_entries where action = 'operator_alarm'`)
  expect(alarms.map(({ details }) => details)).toEqual([
    { code: 'data_late', registrationUid: seed.registrationUid, customers: 1 },
    { code: 'data_late', registrationUid: seed.registrationUid, customers: 1 },
  ])
})
