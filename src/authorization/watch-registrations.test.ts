import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { makeCertificate } from '../../test/certificates.ts'
import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { openEnvelope } from '../storage/secrets.ts'
import { utilityOf } from '../utilities/index.ts'
import { saveRegistration } from '../utilities/save-registration.ts'
import { listEndingCertificates, watchCertificates } from './watch-registrations.ts'

const END = Date.parse('2027-03-01T00:00:00Z')
const DAY_MS = 86_400_000
const clock = { ms: END - 100 * DAY_MS }
const envelope = openEnvelope(randomBytes(32))
let database: TestDatabase
let companyUid: string
const logged: string[] = []
const log = {
  info: () => undefined,
  warn: (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`),
  error: (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`),
}

beforeAll(async () => {
  database = await testDatabase()
  const { certificate, key } = await makeCertificate({ subject: 'CN=x', to: new Date(END).toISOString() })
  const save = async (clientId: string, company: string | null) =>
    await saveRegistration(
      { db: database.db, envelope, now: () => new Date(clock.ms), random: randomBytes },
      {
        ...{ utility: utilityOf('PG&E'), environment: 'production', companyUid: company, clientId, bulkId: null },
        addresses: {},
        secrets: { clientSecret: 'secret', registrationAccessToken: null, certificate, key, ca: null },
      },
    )
  await save('operator', null)
  const seed = await seedCompany(database.db) // its own registration has no secrets that could be opened
  companyUid = seed.companyUid
  await save('company', companyUid)
})
afterAll(async () => await database.close())

const deps = () => ({ db: database.db, envelope, now: () => new Date(clock.ms), operatorEmail: 'operator@example.com' })

async function mailsAt(daysBefore: number): Promise<string[]> {
  clock.ms = END - daysBefore * DAY_MS
  const before = await database.admin('select mail_uid from mails')
  await watchCertificates(deps(), log)
  await watchCertificates(deps(), log) // a second process, or a second run on the same day
  const rows = await database.admin(`select recipient, subject from mails order by mail_uid offset ${before.length}`)
  return rows.map(({ recipient, subject }) => `${String(recipient)}: ${String(subject)}`).sort()
}

it('warns of a certificate 60, 30, 14, 7 and 1 days before its end, each once, its company as well', async () => {
  const counts: Record<number, number> = {}
  for (let days = 70; days >= -2; days--) counts[days] = (await mailsAt(days)).length
  const told = Object.entries(counts).filter(([, count]) => count > 0)
  // The operator's own: one mail; the company's: one to the company and one to the operator.
  expect(Object.fromEntries(told)).toEqual({ 60: 3, 30: 3, 14: 3, 7: 3, 1: 3, 0: 3 })
})

it('says which, where and when, and logs it each day', async () => {
  logged.length = 0
  clock.ms = END - 40 * DAY_MS
  expect(await watchCertificates(deps(), log)).toBe(0)
  const ends = logged.filter((line) => line.endsWith('a client certificate ends soon'))
  expect(ends).toHaveLength(2)
  expect(ends[0]).toContain(
    '"utility":"PG&E","environment":"production","expires":"2027-03-01T00:00:00.000Z","daysLeft":40',
  )
  const mails = await database.admin(`select subject, body from mails where subject like '%in 60 days'`)
  expect(mails).toHaveLength(3)
  expect(mails[0]?.['subject']).toBe(
    'The client certificate for Pacific Gas and Electric ends on 2027-03-01, in 60 days',
  )
  expect(mails[0]?.['body']).toContain('gbp utility rotate')
  const alarms = await database.admin(`select company_uid, details from audit_entries where action = 'operator_alarm'`)
  expect(alarms.map(({ company_uid: of }) => of)).toContain(companyUid)
})

it('a registration that cannot be opened is told, and the others are watched all the same', async () => {
  const { ending, unreadable } = await listEndingCertificates(deps())
  expect(ending).toHaveLength(2)
  expect(unreadable.map(({ utility }) => utility)).toEqual(['DEMO'])
  expect(logged.some((line) => line.endsWith('a registration cannot be opened'))).toBe(true)
})
