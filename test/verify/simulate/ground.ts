import { createHash } from 'node:crypto'

import { ensureDemoCompany } from '../../../src/accounts/demo-company.ts'
import type { Uid } from '../../../src/model/uid.ts'
import { type Envelope, openEnvelope } from '../../../src/storage/secrets.ts'
import { type Db, openDb } from '../../../src/storage/db.ts'
import { insertEndpoint, nextEndpointUid } from '../../../src/storage/webhook-endpoints.ts'
import { utilityOf } from '../../../src/utilities/index.ts'
import { addressesAt } from '../../../src/utilities/registration.ts'
import { saveRegistration } from '../../../src/utilities/save-registration.ts'
import { infoOf } from '../../../simulators/kit/utility.ts'
import { testDatabase, type TestDatabase } from '../../database.ts'
import { seeded } from './seeded.ts'
import { type SimulatedUtilities, SLUGS, type Slug, startSimulatedUtilities } from './simulated-utilities.ts'
import { sessionOf } from './session-of.ts'
import { CLOCK, openWriteWatch, type WriteWatch } from './write-watch.ts'

/** What all seeds of one worker stand on: a database, the simulated utilities, a company with its registrations. */
export type Ground = {
  database: TestDatabase
  envelope: Envelope
  utilities: SimulatedUtilities
  writes: WriteWatch
  companyUid: Uid
  registrations: Record<Slug, { registrationUid: Uid; notificationKey: string }>
  /** The database as the process of a name reaches it; processes of one name follow each other, seed after seed. */
  dbOf(name: string): Db
  /** Empties the database of what a seed has left, and starts its numbers anew. */
  clear(historyMonths: number): Promise<void>
  close(): Promise<void>
}

/** What all seeds have in common; every other table is emptied between two. */
const KEPT = [
  ...['companies', 'members', 'api_tokens', 'templates', 'forms', 'registrations', 'webhook_endpoints'],
  ...['kysely_migration', 'kysely_migration_lock', CLOCK],
]
const CREATED = new Date('2026-01-01T00:00:00Z')

export async function openGround(): Promise<Ground> {
  const database = await testDatabase()
  const utilities = await startSimulatedUtilities()
  const envelope = openEnvelope(createHash('sha256').update('simulate').digest())
  const base = { db: database.db, envelope, now: () => CREATED, random: seeded(0).bytes }
  const { companyUid } = await ensureDemoCompany(base)
  await database.db.operator(async (tx) => {
    const endpointUid = await nextEndpointUid(tx)
    const endpoint = { endpointUid, companyUid, url: 'https://receiver.example/', description: '', eventTypes: null }
    await insertEndpoint(tx, { ...endpoint, secrets: Buffer.alloc(1), now: CREATED })
  })
  const registered = async (slug: Slug) => {
    const info = infoOf(utilities.mounted[slug].utility)
    const utility = utilityOf(info.utility)
    const { clientId, clientSecret, bulkId, registrationAccessToken, certificate, key } = info.registration
    return await saveRegistration(base, {
      ...{ utility, environment: 'simulated', companyUid: null, clientId, bulkId },
      addresses: addressesAt(utility, info),
      secrets: { clientSecret, registrationAccessToken, certificate, key, ca: info.ca },
    })
  }
  const writes = await openWriteWatch(database)
  const tables = await database.admin(
    `select tablename, tablename = any($1) as kept from pg_tables where schemaname = 'public'`,
    [KEPT],
  )
  const left = tables.flatMap(({ tablename, kept }) => (kept === true ? [] : [String(tablename)]))
  // Where rows lie, and how they are looked for, must not hang on when somebody tidied up.
  for (const { tablename } of tables)
    await database.admin(`alter table ${String(tablename)} set (autovacuum_enabled = off)`)
  const [pge, sce, demo] = [await registered('pge'), await registered('sce'), await registered('demo')]
  const opened = new Map<string, Db>()
  return {
    ...{ database, envelope, utilities, writes, companyUid },
    registrations: { pge, sce, demo },
    dbOf(name) {
      const db = opened.get(name) ?? openDb(sessionOf(database.connection, name), 2)
      opened.set(name, db)
      return db
    },
    async clear(historyMonths) {
      const filled = await database.admin(
        `select tablename from pg_tables where tablename = any($1) and pg_relation_size(tablename::regclass) > 0`,
        [left],
      )
      const emptied = filled.map(({ tablename }) => String(tablename))
      await database.withoutForeignKeys(
        `${emptied.length > 0 ? `truncate ${emptied.join(', ')} cascade;` : ''}
         update templates set history_months = ${historyMonths};
         select setval(format('%I.%I', schemaname, sequencename)::regclass,
                       case sequencename when 'small_uids' then 50001 else start_value end, false)
           from pg_sequences where schemaname = 'public'`,
      )
    },
    async close() {
      await utilities.close()
      await Promise.all([...opened.values()].map((db) => db.close()))
      await database.close()
    },
  }
}

/** The slug of a utility's id. */
export function slugOf(utility: string): Slug {
  const found = SLUGS.find((slug) => utilityOf(utility).slug === slug)
  if (found === undefined) throw new Error(`no simulated utility is called ${utility}`)
  return found
}
