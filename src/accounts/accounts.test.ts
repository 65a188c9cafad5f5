import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { SCOPES } from '../model/roles.ts'
import { revokeTokensOf } from '../storage/api-tokens.ts'
import { editMember } from '../storage/members.ts'
import { authenticate, createApiToken, defaultExpiry, issueApiToken } from './api-tokens.ts'
import { type DemoCompany, ensureDemoCompany } from './demo-company.ts'

let database: TestDatabase
let demo: DemoCompany
const clock = { now: new Date('2026-11-25T12:00:00Z') }
const deps = () => ({ db: database.db, now: () => clock.now, random: (bytes: number) => randomBytes(bytes) })
beforeAll(async () => {
  database = await testDatabase()
  demo = await ensureDemoCompany(deps())
})
afterAll(async () => await database.close())

it('the demo company is made once, however often and by however many it is asked for', async () => {
  const again = await Promise.all(Array.from({ length: 5 }, () => ensureDemoCompany(deps())))
  expect(again).toEqual(Array.from({ length: 5 }, () => demo))
  expect(demo.alias).toBe('sunrise-solar')
  expect(
    await database.admin(
      'select alias, company_name, legal_name from templates join companies using (company_uid, alias)',
    ),
  ).toEqual([{ alias: 'sunrise-solar', company_name: 'Sunrise Solar (demo)', legal_name: 'Sunrise Solar (demo)' }])
})

const owner = () => ({ companyUid: demo.companyUid, memberUid: demo.memberUid })

it('a token speaks for its company until it expires or is revoked, and is stored as a hash only', async () => {
  const { db, admin } = database
  const token = await createApiToken(deps(), { ...owner(), name: 'test', days: 30 })
  expect(token).toMatch(/^gbp_[A-Za-z0-9_-]{43}$/)
  expect(await authenticate(db, token, clock.now)).toEqual({ ...owner(), role: 'owner', scopes: SCOPES })
  const rows = await admin(`select api_tokens::text as row, encode(token_hash, 'escape') as hash from api_tokens`)
  expect(rows.every((row) => !`${String(row['row'])}${String(row['hash'])}`.includes(token.slice(4)))).toBe(true)
  const later = new Date(clock.now.getTime() + 30 * 86_400_000)
  expect(await authenticate(db, token, later)).toEqual({ refused: 'expired' })
  expect(await authenticate(db, token, new Date(later.getTime() - 1))).toMatchObject(owner())
  await db.operator(async (tx) => await revokeTokensOf(tx, demo.memberUid, clock.now))
  expect(await authenticate(db, token, clock.now)).toEqual({ refused: 'revoked' })
})

it('a token may do what it was made for and its member still may', async () => {
  const { db } = database
  const { token } = await db.operator((tx) =>
    issueApiToken(tx, deps(), {
      ...owner(),
      name: 'part',
      scopes: ['webhooks', 'read'],
      expires: defaultExpiry(clock.now),
    }),
  )
  const scopes = async () => await authenticate(db, token, clock.now)
  expect(await scopes()).toMatchObject({ scopes: ['webhooks', 'read'], role: 'owner' })
  await db.operator((tx) => editMember(tx, demo.memberUid, { role: 'viewer' }))
  expect(await scopes()).toMatchObject({ scopes: ['read'], role: 'viewer' })
  await db.operator((tx) => editMember(tx, demo.memberUid, { role: 'owner' }))
})

it('the last use is written at most once an hour', async () => {
  const { db, admin } = database
  const token = await createApiToken(deps(), { ...owner(), name: 'used' })
  const used = async (minutes: number): Promise<unknown> => {
    await authenticate(db, token, new Date(clock.now.getTime() + minutes * 60_000))
    return (await admin(`select last_used from api_tokens where name = 'used'`))[0]?.['last_used']
  }
  const first = clock.now
  expect([await used(0), await used(59), await used(60), await used(61)]).toEqual([
    first,
    first,
    new Date(first.getTime() + 3_600_000),
    new Date(first.getTime() + 3_600_000),
  ])
})

it.each(['', 'gbp_', 'x', `gbp_${'A'.repeat(43)}`, `gbp_${'A'.repeat(42)}`, `gbp_${'A'.repeat(42)}'`])(
  '%j is nobody’s token',
  async (token) => {
    expect(await authenticate(database.db, token, clock.now)).toBeNull()
  },
)
