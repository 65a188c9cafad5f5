import { sql } from 'kysely'

import type { Db } from './db.ts'
import { contextOf, type Envelope } from './secrets.ts'

/** Where sealed values lie. row: how contextOf is given the row; company: the same, where it is not the row's own. */
type Sealed = { table: string; column: string; key: readonly string[]; row?: string; company?: string }

/** Every one; the test beside this file looks for others. */
export const SEALED: readonly Sealed[] = [
  {
    ...{ table: 'registrations', column: 'secrets', key: ['registration_uid'] },
    company: `coalesce(company_uid::text, 'operator')`,
  },
  { table: 'flows', column: 'code_verifier', key: ['flow_uid'] },
  {
    ...{ table: 'grants', column: 'tokens', key: ['authorization_uid', 'grant_no'] },
    row: `authorization_uid || ':' || grant_no`,
  },
  { table: 'raw_feeds', column: 'body', key: ['authorization_uid', 'raw_feed_uid'], row: 'raw_feed_uid::text' },
  { table: 'webhook_endpoints', column: 'secrets', key: ['endpoint_uid'] },
  { table: 'idempotent_requests', column: 'answer', key: ['company_uid', 'key'], row: 'key' },
]

/** Rows that are read at a time; a body of a raw feed may have some megabytes. */
const PAGE = 20

/**
 * Puts every sealed value under the current key, row by row, each in a transaction of its own: it may be ended at any row
 * and begun again, beside processes that have both keys. A row that changed meanwhile is found again. Returns how many
 * values there were to do, by table. Throws SecretUnreadable for a value that is under neither key.
 */
export async function rotateSecrets(db: Db, envelope: Envelope): Promise<Record<string, number>> {
  const done: Record<string, number> = {}
  for (const sealed of SEALED) {
    let count = 0
    for (let page = await readPage(db, envelope, sealed); page.length > 0;) {
      for (const found of page) count += await rewrapRow(db, envelope, { sealed, found })
      page = await readPage(db, envelope, sealed)
    }
    done[sealed.table] = count
  }
  return done
}

type Found = { keys: string[]; row: string; company: string; value: Buffer }

async function readPage(db: Db, envelope: Envelope, sealed: Sealed): Promise<Found[]> {
  const { table, column, key, row = `${key[0]}::text`, company = 'company_uid::text' } = sealed
  const header = envelope.header()
  const { rows } = await db.operator((tx) =>
    sql<Found>`
      select array[${sql.join(key.map((name) => sql`${sql.ref(name)}::text`))}] as keys, ${sql.raw(row)} as row,
             ${sql.raw(company)} as company, ${sql.ref(column)} as value
        from ${sql.table(table)}
       where ${sql.ref(column)} is not null and substring(${sql.ref(column)} from 1 for ${header.length}) <> ${header}
       limit ${PAGE}`.execute(tx),
  )
  return rows
}

async function rewrapRow(
  db: Db,
  envelope: Envelope,
  { sealed: { table, column, key }, found: { keys, row, company, value } }: { sealed: Sealed; found: Found },
): Promise<number> {
  const rewrapped = envelope.rewrap(value, contextOf(table, column, row, company))
  if (rewrapped === null) return 0
  const place = sql.join(
    key.map((name, at) => sql`${sql.ref(name)} = ${keys[at] ?? ''}`),
    sql` and `,
  )
  const { numAffectedRows } = await db.operator((tx) =>
    sql`
      update ${sql.table(table)} set ${sql.ref(column)} = ${rewrapped}
       where ${place} and ${sql.ref(column)} = ${value}`.execute(tx),
  )
  return Number(numAffectedRows ?? 0n)
}
