import { randomBytes } from 'node:crypto'

import { afterEach, beforeEach, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { listLimits } from '../storage/limit-rows.ts'
import { listUsableRegistrations } from '../storage/registrations.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { openConnections } from './connections.ts'
import { utilityOf } from './index.ts'
import { saveRegistration } from './save-registration.ts'

let database: TestDatabase
const clock = { ms: Date.parse('2026-11-25T12:00:00Z') }
const envelope = openEnvelope(randomBytes(32))
const now = (): Date => new Date(clock.ms)
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => await database.close())

const save = async (utilityId: string, clientSecret = 'secret') =>
  await saveRegistration(
    { db: database.db, envelope, now, random: (bytes) => randomBytes(bytes) },
    {
      utility: utilityOf(utilityId),
      environment: 'production',
      companyUid: null,
      clientId: 'client',
      bulkId: null,
      addresses: {},
      secrets: { clientSecret, registrationAccessToken: null, certificate: null, key: null, ca: null },
    },
  )

it('a registration is stored once, its secrets sealed; a change of it is taken at the next use', async () => {
  const { db } = database
  const first = await save('SCE')
  const connections = openConnections({ db, envelope, now })
  const before = await connections.of(first.registrationUid)
  expect(await connections.of(first.registrationUid)).toBe(before)
  clock.ms += 1000
  expect(await save('SCE', 'another secret')).toEqual(first)
  expect((await connections.of(first.registrationUid)).registration.clientSecret).toBe('another secret')
  const [row] = await database.admin(`select encode(secrets, 'escape') as text from registrations`)
  expect(String(row?.['text'])).not.toContain('secret')
  await expect(connections.of('999')).rejects.toThrow(RangeError)
  await connections.close()
})

it('requests beside collection keep the utility’s pace, whoever sends them', async () => {
  const { db } = database
  const { registrationUid } = await save('SCE')
  const quota = { perSecond: 1, perHour: 5, perDay: null, dayStarts: null }
  // A pace for SCE, whose own is not known; PG&E's registration would want a certificate here.
  const waits: number[] = []
  const open = () => openConnections({ db, envelope, now, wait: (ms) => Promise.resolve(void waits.push(ms)) })
  const [one, two] = [await open().of(registrationUid), await open().of(registrationUid)]
  Object.assign(one, { quota })
  Object.assign(two, { quota })
  for (const connection of [one, two, one, two, one]) await connection.admit()
  expect(waits).toEqual([1050, 2100, 3150, 4200])
  await expect(two.admit()).rejects.toMatchObject({ code: 'quota_used_up' })
  expect(await db.operator((tx) => listLimits(tx))).toMatchObject([{ hourUsed: 5 }])
})

it('an open breaker does not hold up a customer, and stays open for collection', async () => {
  const { db } = database
  const { registrationUid } = await save('SCE')
  const connection = await openConnections({ db, envelope, now }).of(registrationUid)
  await connection.admit()
  const until = new Date(clock.ms + 900_000)
  await database.admin('update limits set open_until = $1, failures = 9', [until])
  await connection.admit()
  expect(await db.operator((tx) => listLimits(tx))).toMatchObject([{ openUntil: until, failures: 9 }])
})

it('token requests keep the utility’s count a minute, whichever process sends them', async () => {
  const { db } = database
  const { registrationUid } = await save('SCE')
  const utility = { ...utilityOf('SCE'), quota: { ...utilityOf('SCE').quota, tokensPerMinute: 2 } }
  const waits: number[] = []
  const wait = (ms: number): Promise<void> => {
    clock.ms += ms
    return Promise.resolve(void waits.push(ms))
  }
  clock.ms = Date.parse('2026-11-25T12:00:10Z')
  const of = { registrationUid, utility, environment: 'production' }
  const [one, two] = [1, 2].map(() => openConnections({ db, envelope, now, wait }).limiterOf(of))
  for (const limiter of [one, two, one, two, one]) await limiter?.admitToken()
  expect(waits).toEqual([50_000, 60_000])
  await one?.admit() // other requests are not counted there
  expect(waits).toHaveLength(2)
})

it('a registration of a utility’s test environment is offered to nobody; production goes before others', async () => {
  const { db } = database
  const { companyUid } = await seedCompany(db)
  const registration = async (environment: string, owner: string | null): Promise<string> => {
    const secrets = { clientSecret: 's', registrationAccessToken: null, certificate: null, key: null, ca: null }
    const { registrationUid } = await saveRegistration(
      { db, envelope, now, random: (bytes) => randomBytes(bytes) },
      {
        ...{
          utility: utilityOf('PG&E'),
          environment,
          companyUid: owner,
          clientId: `${environment}-${owner}`,
          bulkId: null,
        },
        ...{ addresses: {}, secrets },
      },
    )
    return registrationUid
  }
  const production = await registration('production', null)
  await registration('test', null)
  const offered = async (): Promise<string[]> =>
    (await db.operator((tx) => listUsableRegistrations(tx, companyUid)))
      .filter(({ utility }) => utility === 'PG&E')
      .map(({ registrationUid }) => registrationUid)
  expect(await offered()).toEqual([production])
  await registration('test', companyUid)
  const own = await registration('production', companyUid)
  expect(await offered()).toEqual([own, production])
})
