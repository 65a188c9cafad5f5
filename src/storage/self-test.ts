import { Client } from 'pg'

import { codeOf } from './db.ts'
import { DatabaseNotReady } from './errors.ts'
import { type Connection, poolConfig } from './migrate.ts'

/**
 * Proves at every start that companies are kept apart, and throws DatabaseNotReady otherwise: the login must be neither
 * superuser nor owner nor above row-level security, every table that names a company must have it forced, and a company's
 * row, written and rolled back here, must be invisible and unwritable without that company set.
 */
export async function selfTest(connection: Connection): Promise<void> {
  const client = new Client(poolConfig(connection))
  client.on('error', () => undefined)
  await client.connect()
  try {
    await checkRoles(client)
    await checkTables(client)
    await client.query('begin')
    await checkRowSecurity(client)
  } finally {
    await client.query('rollback').catch(() => undefined)
    await client.end()
  }
}

async function checkRoles(client: Client): Promise<void> {
  const { rows } = await client.query<{ rolname: string; fault: string | null }>(`
    select rolname, case
      when rolsuper then 'is superuser'
      when rolbypassrls then 'bypasses row-level security'
      when rolcreaterole then 'may create roles'
      when rolname = session_user and pg_has_role(rolname, 'gbp_owner', 'usage') then 'has the rights of the owner'
      when exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relowner = r.oid)
        then 'owns tables'
    end as fault
    from pg_roles r where rolname in (session_user, 'gbp_company', 'gbp_operator', 'gbp_queue')`)
  const faulty = rows.find(({ fault }) => fault !== null)
  if (!faulty) return
  const message = `The database role ${faulty.rolname} ${faulty.fault}. Use a plain login; \`gbp migrate --roles\` prints how to make it.`
  throw new DatabaseNotReady('unsafe_role', message)
}

async function checkTables(client: Client): Promise<void> {
  const { rows } = await client.query<{ relname: string }>(`
    select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'company_uid' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity)`)
  if (rows.length === 0) return
  const names = rows.map(({ relname }) => relname).join(', ')
  throw new DatabaseNotReady('row_security_broken', `Row-level security is not forced on: ${names}.`)
}

const PROBE = `
  insert into companies (alias, name, legal_name, email, created)
  values ('self-test-' || floor(random() * 1e9), 'self-test', 'self-test', 'self-test', now())`

async function checkRowSecurity(client: Client): Promise<void> {
  await client.query('set local role gbp_operator')
  await client.query(PROBE)
  await client.query('set local role gbp_company')
  const { rows } = await client.query('select company_uid from companies limit 1')
  if (rows.length > 0) {
    throw new DatabaseNotReady('row_security_broken', 'Rows of a company are visible where no company is set.')
  }
  try {
    await client.query(PROBE)
  } catch (error) {
    if (codeOf(error) === '42501') return
    throw error
  }
  throw new DatabaseNotReady('row_security_broken', 'A row can be written where no company is set.')
}
