import type { Uid } from '../../../src/model/uid.ts'
import type { TestDatabase } from '../../database.ts'

/** What the database notes of those who write to it. */
export type WriteWatch = {
  /** Tells the database what time it is (epoch ms), where that is news. */
  tellTime(now: number): Promise<void>
  /** Token pairs, sealed, that were stored since they were asked for last, even if others have replaced them by now. */
  storedTokens(): Promise<{ authorizationUid: Uid; grantNo: number; companyUid: Uid; tokens: Buffer }[]>
}

/** What the watch has noted, as `wrong` and `authorization_uid`. */
export const WRITE_WRONGS = 'select wrong, authorization_uid from simulate_wrongs'

/** Its table that no seed empties. */
export const CLOCK = 'simulate_clock'

/**
 * Who stores holds the lease and the consent of that moment, and who settles a window its lease: noted by the database itself,
 * in the transaction that does it, and by what its session says of its owner (`sessionOf`). Afterwards nothing would tell:
 * stored twice is stored once, and what is stored of one who ends is deleted.
 */
export async function openWriteWatch({ admin }: TestDatabase): Promise<WriteWatch> {
  await admin(`
    create table simulate_wrongs (wrong text not null, authorization_uid bigint not null);
    create table simulate_tokens (authorization_uid bigint not null, grant_no int not null, company_uid bigint not null, tokens bytea not null);
    create table ${CLOCK} (at timestamptz not null);
    insert into ${CLOCK} values (now());
    create function simulate_leased() returns trigger language plpgsql security definer as $$
      begin
        if not exists (select from windows where authorization_uid = new.authorization_uid and state = 'leased'
                          and lease_owner = current_setting('simulate.owner')) then
          insert into simulate_wrongs values (tg_table_name || ' written without the lease', new.authorization_uid);
        end if;
        return new;
      end $$;
    create function simulate_consented() returns trigger language plpgsql security definer as $$
      begin
        if not exists (select from authorizations a, ${CLOCK} c where a.authorization_uid = new.authorization_uid
                          and a.state = 'active' and a.expires > c.at) then
          insert into simulate_wrongs values (tg_table_name || ' written without a consent', new.authorization_uid);
        end if;
        return new;
      end $$;
    create function simulate_settles() returns trigger language plpgsql security definer as $$
      begin
        if old.state = 'leased' and new.state <> 'leased' and new.reason is distinct from 'worker_lost'
            and old.lease_owner <> current_setting('simulate.owner') then
          insert into simulate_wrongs values ('a window was settled without its lease', new.authorization_uid);
        end if;
        if old.state = 'leased' and new.fence > old.fence and old.lease_until > (select at from ${CLOCK}) then
          insert into simulate_wrongs values ('a lease was taken from one who held it', new.authorization_uid);
        end if;
        return new;
      end $$;
    create function simulate_keeps() returns trigger language plpgsql security definer as $$
      begin
        insert into simulate_tokens values (new.authorization_uid, new.grant_no, new.company_uid, new.tokens);
        return new;
      end $$;
    create trigger simulate_leased after insert on raw_feeds for each row execute function simulate_leased();
    create trigger simulate_leased after insert or update on series_blocks for each row execute function simulate_leased();
    create trigger simulate_consented after insert on raw_feeds for each row execute function simulate_consented();
    create trigger simulate_consented after insert on meters for each row execute function simulate_consented();
    create trigger simulate_consented after insert or update on series_blocks for each row execute function simulate_consented();
    create trigger simulate_consented after insert or update on bills for each row execute function simulate_consented();
    create trigger simulate_settles after update on windows for each row execute function simulate_settles();
    create trigger simulate_keeps after insert or update of tokens on grants for each row when (new.tokens is not null)
      execute function simulate_keeps()`)
  let told = 0
  return {
    async tellTime(now) {
      if (now === told) return
      await admin(`update ${CLOCK} set at = $1`, [new Date(now)])
      told = now
    },
    async storedTokens() {
      const rows = await admin(
        'delete from simulate_tokens returning authorization_uid::text, grant_no, company_uid::text, tokens',
      )
      return rows.flatMap(({ authorization_uid: uid, grant_no: no, company_uid: company, tokens }) =>
        Buffer.isBuffer(tokens)
          ? [{ authorizationUid: String(uid), grantNo: Number(no), companyUid: String(company), tokens }]
          : [],
      )
    },
  }
}
