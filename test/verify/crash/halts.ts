import { until } from '../../running-app.ts'
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
    async arm() {
      await database.admin('select pg_advisory_lock($1)', [LOCK])
      await addTrigger(database, at, `perform pg_advisory_xact_lock_shared(${LOCK});`)
    },
    reached: async () =>
      await exists(
        database,
        `select from pg_locks where locktype = 'advisory' and objid = ${LOCK}
      and database = (select oid from pg_database where datname = current_database()) and not granted`,
      ),
    async release() {
      await database.admin('select pg_advisory_unlock($1)', [LOCK])
      await dropTrigger(database, at)
    },
  }
}

/**
 * Halts after the commit and before anybody is told: the transaction is durable, and waits for a standby that is not
 * there. Only the transaction whose rows match waits; every other one commits as always.
 */
export function committed(database: Database, at: AtStatement): Halt {
  return {
    async arm() {
      await setStandby(database, `'nobody'`)
      await addTrigger(database, at, `perform set_config('synchronous_commit', 'on', true);`)
    },
    reached: async () =>
      await exists(
        database,
        `select from pg_stat_activity
      where datname = current_database() and wait_event = 'SyncRep'`,
      ),
    async release() {
      await setStandby(database, `''`)
      await dropTrigger(database, at)
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

async function addTrigger(database: Database, at: AtStatement, body: string): Promise<void> {
  const name = nameOf(at)
  await database.admin(`create or replace function public.${name}() returns trigger language plpgsql
    as $$ begin ${body} return case when tg_op = 'DELETE' then old else new end; end $$`)
  const when = at.when === undefined ? '' : `when (${at.when})`
  await database.admin(`create trigger ${name} ${at.timing ?? 'after'} ${at.on} on ${at.table} for each row ${when}
    execute function public.${name}()`)
}

async function dropTrigger(database: Database, at: AtStatement): Promise<void> {
  await database.admin(`drop trigger ${nameOf(at)} on ${at.table}`)
}

/** Two halts may be there at a time, of different tables or statements. */
function nameOf({ table, on }: AtStatement): string {
  return `halt_${table.replaceAll('.', '_')}_${on}`
}

async function exists(database: Database, query: string): Promise<boolean> {
  return (await database.admin(query)).length > 0
}
