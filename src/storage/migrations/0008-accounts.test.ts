import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { seedCompany, testDatabase, type TestDatabase } from '../../../test/database.ts'
import { SCOPES } from '../../model/roles.ts'
import { poolConfig } from '../migrate.ts'
import { up } from './0008-accounts.ts'

/** What the migration makes, taken back. */
const UNDONE = `
alter table api_tokens drop column token_uid, drop column scopes, drop column last_used;
alter table members drop constraint members_role_check, drop column removed;
drop index if exists members_email_key;
update members set role = 'admin';
alter table members add constraint members_role_check check (role in ('admin', 'member')),
  add constraint members_email_key unique (email);
alter table forms drop column external_id, drop column metadata;
alter table authorizations drop column external_id, drop column metadata;
alter table meters drop column external_id, drop column metadata`

let database: TestDatabase
beforeAll(async () => void (database = await testDatabase()))
afterAll(async () => await database.close())

it('on a database in use, tokens keep every scope and each company has one owner, its oldest admin', async () => {
  const { admin, db, connection } = database
  const [first, second] = [await seedCompany(db), await seedCompany(db)]
  await admin(UNDONE)
  const add = `insert into members (company_uid, email, name, role, created) values ($1, $2, 'x', $3, now())`
  await admin(add, [first.companyUid, 'younger@company.example', 'admin'])
  await admin(`update members set role = 'member' where member_uid = $1`, [second.memberUid])
  await admin(add, [second.companyUid, 'admin@company.example', 'admin'])
  await admin(
    `insert into api_tokens (token_hash, company_uid, member_uid, name, created, expires)
     values ('\\x01', $1, $2, 'old', now(), now() + interval '1 year')`,
    [first.companyUid, first.memberUid],
  )
  const pool = new Pool({ ...poolConfig(connection), max: 1, options: '-c role=gbp_owner' })
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  await kysely.transaction().execute(up)
  await kysely.destroy()
  const owners = await admin(`select company_uid, email from members where role = 'owner' order by company_uid`)
  expect(owners).toMatchObject([{ company_uid: first.companyUid }, { email: 'admin@company.example' }])
  expect(
    await admin('select member_uid::text as uid, role from members where role <> $1 order by 1', ['owner']),
  ).toHaveLength(2)
  expect(await admin('select scopes, token_uid is not null as numbered from api_tokens')).toEqual([
    { scopes: [...SCOPES], numbered: true },
  ])
})
