import { randomBytes } from 'node:crypto'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../test/database.ts'
import { rotateSecrets, SEALED } from './rotate-secrets.ts'
import { openEnvelope } from './secrets.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(async () => {
  await database.close()
})

test('every sealed value opens with the new key alone, in its own place, and a second run has nothing to do', async () => {
  const [old, fresh] = [randomBytes(32), randomBytes(32)]
  const before = openEnvelope(old)
  const { companyUid, registrationUid, authorizationUid } = await seedCompany(database.db)
  const place = `registrations.secrets.${registrationUid}.operator`
  const tokens = `grants.tokens.${authorizationUid}:1.${companyUid}`
  const answer = `idempotent_requests.answer.a key.${companyUid}`
  await database.admin('update registrations set secrets = $1', [before.seal({ a: 1 }, place)])
  await database.admin(
    `insert into grants (authorization_uid, grant_no, company_uid, registration_uid, tokens, created)
     values ($1, 1, $2, $3, $4, now()), ($1, 2, $2, $3, null, now())`,
    [authorizationUid, companyUid, registrationUid, before.seal({ b: 2 }, tokens)],
  )
  await database.admin(
    `insert into idempotent_requests (company_uid, key, request_hash, answer, started) values ($1, 'a key', '', $2, now())`,
    [companyUid, before.seal({ c: 3 }, answer)],
  )
  const done = await rotateSecrets(database.db, openEnvelope(fresh, [old]))
  expect(done).toMatchObject({ registrations: 1, grants: 1, idempotent_requests: 1, raw_feeds: 0 })
  const after = openEnvelope(fresh)
  const opened = async (query: string, context: string): Promise<unknown> => {
    const [row] = await database.admin(query)
    const value = row?.['value']
    if (!(value instanceof Buffer)) throw new Error('no value')
    return after.openJson(value, context)
  }
  expect(await opened('select secrets as value from registrations', place)).toEqual({ a: 1 })
  expect(await opened('select tokens as value from grants where grant_no = 1', tokens)).toEqual({ b: 2 })
  expect(await opened('select answer as value from idempotent_requests', answer)).toEqual({ c: 3 })
  const again = await rotateSecrets(database.db, openEnvelope(fresh, [old]))
  expect(Object.values(again).every((count) => count === 0)).toBe(true)
})

/** Hashes, packed readings, pictures, and what utilities told us. */
const PLAIN = [
  'api_tokens.token_hash',
  'client_requests.code_hash',
  'client_requests.browser_hash',
  'client_requests.link_hash',
  'client_tokens.token_hash',
  'clients.previous_hash',
  'clients.secret_hash',
  'flows.browser_hash',
  'flows.state_hash',
  'idempotent_requests.request_hash',
  'links.key_hash',
  'notifications.body',
  'raw_feeds.sha256',
  'series_blocks.block',
  'series_blocks.lineage',
  'series_blocks.tail',
  'templates.logo',
]

test('no column that holds sealed values is left out', async () => {
  const rows = await database.admin(`
    select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea'`)
  const sealed = SEALED.map(({ table, column }) => `${table}.${column}`)
  expect(rows.map(({ name }) => String(name)).toSorted()).toEqual([...PLAIN, ...sealed].toSorted())
})
