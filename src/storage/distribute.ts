import { Client } from 'pg'

import { DatabaseNotReady } from './errors.ts'
import { type Connection, poolConfig } from './migrate.ts'

/**
 * How the tables lie on a cluster of Citus. `heavy` tables are split by authorization_uid, the parts of one authorization
 * together on one machine; `reference` tables, which heavy ones refer to, are whole on each; the rest stays on the
 * coordinator. test/citus-rules.test.ts holds the tables and every statement to what Citus can do.
 */
export const PLACEMENT = {
  heavy: [
    'authorizations',
    'consents',
    'client_consents',
    'grants',
    'windows',
    'raw_feeds',
    'meters',
    'meter_aliases',
    'series_blocks',
    'intervals',
    'bills',
    'billing_accounts',
    'billing_summaries',
    'events',
  ],
  reference: ['companies', 'members', 'templates', 'forms', 'registrations'],
} as const

/**
 * Spreads the tables of a migrated database over the machines of its Citus cluster; safe to repeat. Returns the tables that
 * were moved now. Throws DatabaseNotReady `no_citus` where the extension is missing.
 */
export async function distribute(connection: Connection): Promise<string[]> {
  const client = new Client({ ...poolConfig(connection), options: '-c role=gbp_owner' })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query(`select from pg_extension where extname = 'citus'`)
    if (rows.length === 0) {
      const message = 'This database has no Citus. As its administrator run: create extension citus'
      throw new DatabaseNotReady('no_citus', message)
    }
    const known = await client.query<{ name: string }>('select table_name::text as name from citus_tables')
    const done = new Set(known.rows.map(({ name }) => name))
    const moved: string[] = []
    for (const { table, statement } of statements()) {
      if (done.has(table)) continue
      await client.query(statement)
      moved.push(table)
    }
    return moved
  } finally {
    await client.end()
  }
}

/** What is run, in order: what is referred to goes first. */
export function statements(): { table: string; statement: string }[] {
  const [first, ...others] = PLACEMENT.heavy
  return [
    ...PLACEMENT.reference.map((table) => ({ table, statement: `select create_reference_table('${table}')` })),
    { table: first, statement: `select create_distributed_table('${first}', 'authorization_uid')` },
    ...others.map((table) => ({
      table,
      statement: `select create_distributed_table('${table}', 'authorization_uid', colocate_with => '${first}')`,
    })),
  ]
}
