import type { Run } from './run-seed.ts'
import { WRITE_WRONGS } from './write-watch.ts'

/** What must hold at every moment, whatever is under way. */
export type TurnChecks = { note(line: string): void; check(run: Run): Promise<void> }

const HOLDS = `
  select 'two windows of one authorization are in work' as wrong, authorization_uid from windows
   where state = 'leased' and lease_until > $1 group by authorization_uid having count(*) > 1
  union all
  select 'a leased window has no owner, or an owner no lease', authorization_uid from windows
   where (state = 'leased') <> (lease_owner is not null)
  union all
  select 'two grants are in use', authorization_uid from grants where ended is null
   group by authorization_uid having count(*) > 1
  union all
  select 'it runs without a grant', a.authorization_uid from authorizations a
   where a.state in ('pending', 'active', 'needs_reauthorization') and not exists (
     select from grants g where g.authorization_uid = a.authorization_uid and g.ended is null and g.tokens is not null)
  union all
  select 'it has ended and holds a grant', a.authorization_uid from authorizations a join grants g using (authorization_uid)
   where a.state not in ('pending', 'active', 'needs_reauthorization') and (g.ended is null or g.tokens is not null)
  union all
  select 'of one who is ' || a.state || ' is stored: ' || what, a.authorization_uid from authorizations a
    join (select 'meters' as what, authorization_uid from meters
          union all select 'raw feeds', authorization_uid from raw_feeds
          union all select 'windows', w.authorization_uid from windows w join authorizations o using (authorization_uid)
                     where not (o.state = 'pending' and w.product = 'file' and w.registration_uid is null)
          union all select 'billing accounts', authorization_uid from billing_accounts) s using (authorization_uid)
   where a.state not in ('active', 'needs_reauthorization', 'expired')
  union all
  select 'it collects without a consent', a.authorization_uid from authorizations a
   where a.state in ('active', 'needs_reauthorization', 'expired')
     and not exists (select from consents c where c.authorization_uid = a.authorization_uid)
  union all
  select 'readings lie before the reach of the consent', a.authorization_uid
    from authorizations a join series_blocks b using (authorization_uid)
   where b.starts < extract(epoch from a.history_start)
  union all
  select 'a kind of data is stored that is not consented', a.authorization_uid from authorizations a
   where (not 'intervals' = any(a.data_classes) and exists (
            select from series_blocks b where b.authorization_uid = a.authorization_uid))
      or (not 'bills' = any(a.data_classes) and exists (
            select from bills b where b.authorization_uid = a.authorization_uid))
      or (not 'accounting' = any(a.data_classes) and exists (
            select from billing_accounts b where b.authorization_uid = a.authorization_uid))
  union all
  ${WRITE_WRONGS}`

/** What is stored of those who do not run: it must stay as it was when they stopped. */
const STOPPED = `
  select a.authorization_uid::text || ' ' || a.state as who,
         concat_ws(' ', (select coalesce(sum(version), 0) from series_blocks s where s.authorization_uid = a.authorization_uid),
           (select coalesce(sum(readings), 0) from series_blocks s where s.authorization_uid = a.authorization_uid),
           (select coalesce(sum(version), 0) from bills b where b.authorization_uid = a.authorization_uid),
           (select count(*) from meters m where m.authorization_uid = a.authorization_uid),
           (select count(*) from raw_feeds r where r.authorization_uid = a.authorization_uid)) as stored
    from authorizations a where a.state in ('needs_reauthorization', 'expired') order by 1`

export function openTurnChecks(note: (line: string) => void): TurnChecks {
  let stopped = new Map<string, string>()
  return {
    note,
    async check({ ground: { database }, turns, problem }) {
      const wrong = await database.admin(HOLDS, [new Date(turns.now())])
      for (const row of wrong) problem(`${String(row['wrong'])} (${String(row['authorization_uid'])})`)
      const now = new Map<string, string>()
      for (const { who, stored } of await database.admin(STOPPED)) {
        now.set(String(who), String(stored))
        const before = stopped.get(String(who))
        if (before !== undefined && before !== String(stored)) problem(`stored after it stopped (${String(who)})`)
      }
      stopped = now
    },
  }
}
