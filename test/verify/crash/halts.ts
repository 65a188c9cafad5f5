import { until } from './until.ts'
import type { Bench } from './bench.ts'

type Database = Pick<Bench['database'], 'admin'>

/** A moment at which the product stands still, seen from outside, so that it can be killed there. */
export type Halt = {
  arm(): Promise<void>
  reached(): Promise<boolean>
  /** Lets go what still stands there (statements of a process that is gone), and takes the halt away. */
  release(): Promise<void>
}

/** A statement that halts: which rows it touches, as SQL that may name `new` and `old`. */
export type AtStatement = {
  table: string
  on: 'insert' | 'update' | 'delete'
  when?: string
  timing?: 'before' | 'after'
}

/** An advisory lock that nobody else of this program takes. */
const LOCK = 4_711_099

/**
 * Halts inside the transaction, right after a row was written and before it commits. The lock is held by the one session
 * of `admin`, which stays as long as it is asked now and then.
 */
export function inTransaction(database: Database, at: AtStatement): Halt {
  return {
    arm: async () => await hold(database, addTrigger(at, STAND)),
    reached: async () => await isHeld(database),
    release: async () => await letGo(database, dropTrigger(at)),
  }
}

/** Halts the read of a role, at the rows of a table for which a condition holds. */
export function inRead(database: Database, table: string, when: string, role = 'gbp_company'): Halt {
  const statements = [
    `create or replace function public.halt_read() returns boolean language plpgsql as $$ begin ${STAND} return true; end $$`,
    `create policy halt on ${table} as restrictive for select to ${role}
       using (case when ${when} then public.halt_read() else true end)`,
  ]
  return {
    arm: async () => await hold(database, statements),
    reached: async () => await isHeld(database),
    release: async () => await letGo(database, [`drop policy halt on ${table}`]),
  }
}

/** Halts a migration right after it made a table. */
export function inMigration(database: Database, table: string): Halt {
  const statements = [
    `create function public.halt_migration() returns event_trigger language plpgsql as $$ begin
       if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'public.${table}')
       then ${STAND} end if; end $$`,
    `create event trigger halt on ddl_command_end when tag in ('CREATE TABLE') execute function public.halt_migration()`,
  ]
  return {
    arm: async () => await hold(database, statements),
    reached: async () => await isHeld(database),
    release: async () => await letGo(database, ['drop event trigger halt', 'drop function public.halt_migration()']),
  }
}

const STAND = `perform pg_advisory_xact_lock_shared(${LOCK});`

/** Whoever comes to STAND waits until letGo. */
async function hold(database: Database, statements: readonly string[]): Promise<void> {
  await database.admin('select pg_advisory_lock($1)', [LOCK])
  for (const statement of statements) await database.admin(statement)
}

async function isHeld(database: Database): Promise<boolean> {
  return await exists(
    database,
    `select from pg_locks where locktype = 'advisory' and objid = ${LOCK}
        and database = (select oid from pg_database where datname = current_database()) and not granted`,
  )
}

async function letGo(database: Database, statements: readonly string[]): Promise<void> {
  await database.admin('select pg_advisory_unlock($1)', [LOCK])
  for (const statement of statements) await database.admin(statement)
}

/**
 * Halts after the commit and before anybody is told: the transaction is durable, and waits for a standby that is not
 * there. Only the transaction whose rows match waits; every other one commits as always.
 */
export function committed(database: Database, at: AtStatement): Halt {
  return {
    async arm() {
      await setStandby(database, `'nobody'`)
      for (const statement of addTrigger(at, `perform set_config('synchronous_commit', 'on', true);`))
        await database.admin(statement)
    },
    reached: async () =>
      await exists(
        database,
        `select from pg_stat_activity
      where datname = current_database() and wait_event = 'SyncRep'`,
      ),
    async release() {
      await setStandby(database, `''`)
      for (const statement of dropTrigger(at)) await database.admin(statement)
    },
  }
}

/** Halts at the second one, which is armed when the first one was reached. */
export function inTurn(first: Halt, second: Halt): Halt {
  let isPast = false
  return {
    arm: first.arm,
    async reached() {
      if (!isPast && (await first.reached())) {
        await second.arm()
        await first.release()
        isPast = true
      }
      return isPast && (await second.reached())
    },
    release: async () => await (isPast ? second : first).release(),
  }
}

async function setStandby(database: Database, names: string): Promise<void> {
  await database.admin(`alter system set synchronous_standby_names = ${names}`)
  await database.admin('select pg_reload_conf()')
  await until('the setting to be there', async () => {
    const [row] = await database.admin('show synchronous_standby_names')
    return row?.['synchronous_standby_names'] === names.replaceAll(`'`, '') ? true : null
  })
}

function addTrigger(at: AtStatement, body: string): string[] {
  const name = nameOf(at)
  const when = at.when === undefined ? '' : `when (${at.when})`
  return [
    `create or replace function public.${name}() returns trigger language plpgsql
       as $$ begin ${body} return case when tg_op = 'DELETE' then old else new end; end $$`,
    `create trigger ${name} ${at.timing ?? 'after'} ${at.on} on ${at.table} for each row ${when}
       execute function public.${name}()`,
  ]
}

function dropTrigger(at: AtStatement): string[] {
  return [`drop trigger ${nameOf(at)} on ${at.table}`]
}

/** Two halts may be there at a time, of different tables or statements. */
function nameOf({ table, on }: AtStatement): string {
  return `halt_${table.replaceAll('.', '_')}_${on}`
}

async function exists(database: Database, query: string): Promise<boolean> {
  return (await database.admin(query)).length > 0
}
