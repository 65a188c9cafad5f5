import { sql } from 'kysely'

import type { Tx } from '../../../src/storage/db.ts'
import type { TestDatabase } from '../../database.ts'

/** What the watch has noted, as `wrong` and `authorization_uid`. */
export const WRITE_WRONGS = 'select wrong, authorization_uid from simulate_wrongs'

/**
 * Who stores, and who settles a window, holds its lease: noted by the database itself, in the transaction that does it, and
 * by what its session says of its owner (`sessionOf`) and its transaction of the time (`tellNow`). Afterwards nothing would tell, since stored twice is stored once.
 */
export async function openWriteWatch({ admin }: TestDatabase): Promise<void> {
  await admin(`
    create table simulate_wrongs (wrong text not null, authorization_uid bigint not null);
    create function simulate_stores() returns trigger language plpgsql security definer as $$
      begin
        if not exists (select from windows where authorization_uid = new.authorization_uid and state = 'leased'
                          and lease_owner = current_setting('simulate.owner')) then
          insert into simulate_wrongs values (tg_table_name || ' written without the lease', new.authorization_uid);
        end if;
        return new;
      end $$;
    create function simulate_settles() returns trigger language plpgsql security definer as $$
      begin
        if old.state = 'leased' and new.state <> 'leased' and new.reason is distinct from 'worker_lost'
            and old.lease_owner <> current_setting('simulate.owner') then
          insert into simulate_wrongs values ('a window was settled without its lease', new.authorization_uid);
        end if;
        if old.state = 'leased' and new.fence > old.fence and old.lease_until > current_setting('simulate.now')::timestamptz then
          insert into simulate_wrongs values ('a lease was taken from one who held it', new.authorization_uid);
        end if;
        return new;
      end $$;
    create trigger simulate_stores after insert on raw_feeds for each row execute function simulate_stores();
    create trigger simulate_stores after insert or update on series_blocks for each row execute function simulate_stores();
    create trigger simulate_settles after update on windows for each row execute function simulate_settles()`)
}

/** Tells the database what time it is, for the rest of the transaction. */
export async function tellNow(tx: Tx, now: number): Promise<void> {
  await sql`select set_config('simulate.now', ${new Date(now).toISOString()}, true)`.execute(tx)
}

/** A connection whose sessions name their owner. */
export function sessionOf(connection: TestDatabase['connection'], owner: string): TestDatabase['connection'] {
  const options = `-c simulate.owner=${owner}`
  if (typeof connection !== 'string') return Object.assign({ ...connection }, { options })
  const url = new URL(connection)
  url.searchParams.set('options', options)
  return url.href
}
