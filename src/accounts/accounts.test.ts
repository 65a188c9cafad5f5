import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { authenticate, createApiToken, endApiToken } from './api-tokens.ts'
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

it('a token speaks for its company until it is ended or expires, and is stored as a hash only', async () => {
  const token = await createApiToken(deps(), { ...demo, name: 'test', days: 30 })
  expect(token).toMatch(/^gbp_[A-Za-z0-9_-]{43}$/)
  const { companyUid, memberUid } = demo
  expect(await authenticate(database.db, token, clock.now)).toEqual({ companyUid, memberUid })
  const rows = await database.admin(
    `select api_tokens::text as row, encode(token_hash, 'escape') as hash from api_tokens`,
  )
  expect(rows.every((row) => !`${String(row['row'])}${String(row['hash'])}`.includes(token.slice(4)))).toBe(true)
  expect(await authenticate(database.db, token, new Date(clock.now.getTime() + 30 * 86_400_000))).toBeNull()
  expect(await endApiToken(database.db, token, clock.now)).toBe(true)
  expect(await endApiToken(database.db, token, clock.now)).toBe(false)
  expect(await authenticate(database.db, token, clock.now)).toBeNull()
})

it.each(['', 'gbp_', 'x', `gbp_${'A'.repeat(43)}`, `gbp_${'A'.repeat(42)}`, `gbp_${'A'.repeat(42)}'`])(
  '%j is nobody’s token',
  async (token) => {
    expect(await authenticate(database.db, token, clock.now)).toBeNull()
  },
)
