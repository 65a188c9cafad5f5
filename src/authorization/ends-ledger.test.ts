import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { testDatabase, type TestDatabase } from '../../test/database.ts'
import { appendAudit } from '../storage/audit.ts'
import { recordEnds } from './ends-ledger.ts'

let database: TestDatabase
let folder: string
let file: string
let files = 0
beforeAll(async () => {
  database = await testDatabase()
  folder = await mkdtemp(path.join(tmpdir(), 'gbp-ends-'))
})
beforeEach(async () => {
  file = path.join(folder, `ends-${++files}.jsonl`)
  await database.admin('truncate audit_entries')
})
afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

const NOON = Date.parse('2026-05-05T12:00:00.123Z')

async function end(authorizationUid: string, minute: number, action = 'authorization_revoked'): Promise<void> {
  const now = new Date(NOON + minute * 60_000)
  await database.db.operator((tx) => appendAudit(tx, { actor: 'customer', action, authorizationUid, now }))
}
const record = (): Promise<number> => recordEnds({ db: database.db, file })
const uids = async (): Promise<string[]> =>
  [...(await readFile(file, 'utf8')).matchAll(/^\{.*"authorizationUid":"(\d+)".*\}$/gm)].map(([, uid]) => uid ?? '')

test('each end is written once, also when it is committed later than one after it', async () => {
  await end('100001', 0)
  await end('100002', 5)
  expect([await record(), await record()]).toEqual([2, 0])
  await end('100003', 1)
  await end('100004', 9, 'authorization_renewed')
  await end('100004', 9, 'client_consent_ended')
  await end('100005', 9, 'authorization_expired')
  expect([await record(), await record()]).toEqual([3, 0])
  expect(await uids()).toEqual(['100001', '100002', '100003', '100004', '100004'])
})

test('more than a page of them, many at one moment', async () => {
  await database.admin(
    `insert into audit_entries (authorization_uid, actor, action, ts)
     select 100000 + n, 'customer', 'authorization_revoked', $1::timestamptz + (n / 700) * interval '1 s'
       from generate_series(1, 2500) n`,
    [new Date(NOON)],
  )
  expect(await record()).toBe(2500)
  expect(new Set(await uids()).size).toBe(2500)
  await end('200001', 0)
  expect(await record()).toBe(1)
})

test('a line that a kill cut off is written again', async () => {
  await end('100001', 0)
  await record()
  await appendFile(file, '{"at":"2026-05-05T12:01:00.123Z","author')
  await end('100002', 1)
  expect(await record()).toBe(1)
  expect(await uids()).toEqual(['100001', '100002'])
})
