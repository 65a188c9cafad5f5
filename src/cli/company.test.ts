import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { addressOf } from '../../test/verify/crash/bench.ts'
import { authenticate } from '../accounts/api-tokens.ts'
import { addToCompanies, showCompanies, showNewToken } from './company.ts'

let database: TestDatabase
let folder: string
let env: Record<string, string>
beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'gbp-company-'))
  const DATABASE_URL = addressOf(database.connection)
  env = { DATA_DIR: folder, DATABASE_URL, ENCRYPTION_KEY: randomBytes(32).toString('hex') }
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

const solar = {
  alias: 'north-solar',
  name: 'North Solar',
  email: 'hello@north.example',
  ownerName: 'Ada',
  ownerEmail: 'ada@north.example',
}
const lines = async (run: (out: (line: string) => void) => Promise<void>): Promise<string[]> => {
  const all: string[] = []
  await run((line) => void all.push(line))
  return all
}

test('a company is taken on once, and its token works; a lost one is replaced; the audit log has all of it', async () => {
  const said = await lines((out) => addToCompanies(env, solar, out))
  const token = said.find((line) => line.startsWith('gbp_')) ?? ''
  expect(await authenticate(database.db, token, new Date())).toMatchObject({ role: 'owner' })
  await expect(addToCompanies(env, solar, () => undefined)).rejects.toThrow(/company north-solar already/)

  const [again = ''] = await lines((out) => showNewToken(env, 'north-solar', 'ADA@north.example', out))
  expect(await authenticate(database.db, again, new Date())).toMatchObject({ role: 'owner' })
  expect(again).not.toBe(token)
  expect(await lines((out) => showCompanies(env, {}, out))).toEqual([expect.stringMatching(/north-solar +North Solar/)])
  const actions = await database.admin('select action, actor from audit_entries order by audit_uid')
  expect(actions).toEqual([
    { action: 'company_added', actor: 'operator' },
    { action: 'token_made', actor: 'operator' },
    { action: 'token_made', actor: 'operator' },
  ])
})

test.each([
  ['an alias that is no address', { ...solar, alias: 'North Solar' }, /small letters, digits and hyphens/],
  ['no name', { ...solar, name: ' ' }, /the name is missing/],
  ['no e-mail address', { ...solar, email: 'north' }, /e-mail address of the company/],
  ['no owner', { ...solar, ownerEmail: '' }, /owner's e-mail address/],
])('%s: a sentence that says so, and nothing is stored', async (_what, given, why) => {
  const before = await database.admin('select count(*)::int from companies')
  await expect(addToCompanies(env, given, () => undefined)).rejects.toThrow(why)
  expect(await database.admin('select count(*)::int from companies')).toEqual(before)
})

test('a token for nobody is refused', async () => {
  await expect(showNewToken(env, 'nobody', 'ada@north.example', () => undefined)).rejects.toThrow(/no company nobody/)
  await expect(showNewToken(env, 'north-solar', 'eve@north.example', () => undefined)).rejects.toThrow(/no member eve/)
})
