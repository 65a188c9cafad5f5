import { STEPS as ALLOWED } from '../../../src/authorization/states.ts'
import { readTokens } from '../../../src/authorization/grant-tokens.ts'
import { getAuthorization, type AuthorizationRow } from '../../../src/storage/authorizations.ts'
import { findGrant } from '../../../src/storage/grants.ts'
import { compareWithLedger } from './compare-with-ledger.ts'
import { slugOf } from './ground.ts'
import type { Run } from './run-seed.ts'

/** What must hold when the faults are over and everything has been done. */
export async function checkEnd(run: Run): Promise<void> {
  const { database } = run.ground
  for (const label of run.open()) run.problem(`${label} never ended`)
  const rows = await database.admin(
    'select authorization_uid::text as uid from authorizations order by authorization_uid',
  )
  for (const { uid } of rows) {
    const row = await database.db.operator((tx) => getAuthorization(tx, String(uid)))
    await checkSteps(run, row)
    await checkTokens(run, row)
    if (row.state === 'active') await compareWithLedger(run, row)
  }
  for (const { wrong, uid } of await database.admin(WRONG, [run.refusedProduct()]))
    run.problem(`${String(wrong)} (${String(uid)})`)
  checkQuota(run)
}

const WRONG = `
  select 'a window is ' || w.state || coalesce(' ' || w.reason, '') || ': ' || w.product as wrong, w.authorization_uid as uid
    from windows w join authorizations a using (authorization_uid) where a.state = 'active' and w.state <> 'done'
      and not ($1 and w.state = 'aside' and w.reason = 'not_in_grant')
  union all
  select 'it is ' || status, authorization_uid from authorizations where state = 'active' and status <> 'updated'
      and not ($1 and status = 'errored')
  union all
  select 'it is still pending', authorization_uid from authorizations where state = 'pending'
  union all
  select 'a refresh never ended', authorization_uid from grants where refresh_owner is not null
  union all
  select 'the utility was never told of the end', g.authorization_uid from grants g where g.tell_next is not null
  union all
  select 'an event is not owed to the endpoint exactly once: ' || e.type, e.authorization_uid
    from events e left join deliveries d using (event_uid) group by e.type, e.authorization_uid, e.event_uid
   having count(d.event_uid) <> 1
  union all
  select 'told more than once: ' || type, authorization_uid from events
   where type in ('authorization_created', 'authorization_revoked', 'authorization_expired', 'authorization_declined', 'meter_created')
   group by type, authorization_uid, meter_uid having count(*) > 1
  union all
  select 'a meter was never told of', m.authorization_uid from meters m
   where not exists (select from events e where e.authorization_uid = m.authorization_uid and e.meter_uid = m.meter_uid
                        and e.type = 'meter_created')
  union all
  select 'an update that began has no end', a.authorization_uid from authorizations a where a.state = 'active' and
    (select max(event_uid) from events e where e.authorization_uid = a.authorization_uid
        and type = 'authorization_update_started') >
    coalesce((select max(event_uid) from events e where e.authorization_uid = a.authorization_uid
        and type like 'authorization\\_update\\_finished%'), 0)
  union all
  select 'a mail was not sent', coalesce(authorization_uid, 0) from mails where sent is null
  union all
  select 'a notification was never judged', registration_uid from notifications where judged is null`

/** Every step it took is one of the table, leads on from the one before, and was told once. */
async function checkSteps({ ground, problem }: Run, { authorizationUid, state }: AuthorizationRow): Promise<void> {
  const entries = await ground.database.admin(
    'select action from audit_entries where authorization_uid = $1 order by audit_uid',
    [authorizationUid],
  )
  const told = await ground.database.admin(
    'select type, count(*)::int as count from events where authorization_uid = $1 group by type',
    [authorizationUid],
  )
  let at: (typeof ALLOWED)[number]['from'] = null
  const owed = new Map<string, number>()
  for (const { action } of entries) {
    if (!ALLOWED.some(({ audit }) => audit === action)) continue
    const step = ALLOWED.find(({ from, audit }) => from === at && audit === action)
    if (!step) return problem(`no step ${String(action)} leads on from ${at} (${authorizationUid})`)
    at = step.to
    if (step.event !== null) owed.set(step.event, (owed.get(step.event) ?? 0) + 1)
  }
  if (at !== state) problem(`its steps lead to ${at}, it is ${state} (${authorizationUid})`)
  owed.delete('authorization_update_finished_errored') // collection says so, too
  for (const [type, count] of owed) {
    const found = Number(told.find((row) => row['type'] === type)?.['count'] ?? 0)
    if (found !== count) problem(`${type} was told ${found} times, not ${count} (${authorizationUid})`)
  }
}

/** Active is what can be used; who has to share again has nothing that could. */
async function checkTokens({ ground, turns, problem, refusedByFault }: Run, row: AuthorizationRow): Promise<void> {
  const { authorizationUid, state } = row
  if (state !== 'active' && state !== 'needs_reauthorization') return
  const { utility } = ground.utilities.mounted[slugOf(row.utility)]
  const grant = await ground.database.db.operator((tx) => findGrant(tx, authorizationUid))
  const pair = grant && readTokens(ground.envelope, grant)
  const now = turns.now() / 1000
  const lives = (token: string | null | undefined): boolean => {
    const known = token ? utility.state.tokens[token] : undefined
    return known !== undefined && known.expiresAt > now
  }
  // Where files come by our own token, nothing needs the customer's; the utility may have given none that lasts.
  const isNeeded = row.utility !== 'SCE' || pair?.refreshToken !== null
  const isUsable = lives(pair?.refreshToken) || lives(pair?.accessToken) || !isNeeded
  if (state === 'active' && !isUsable) problem(`it is active, and its tokens are dead (${authorizationUid})`)
  if (state === 'needs_reauthorization' && lives(pair?.refreshToken) && !refusedByFault())
    problem(`its customer has to share again, and its tokens live (${authorizationUid})`)
}

function checkQuota({ ground, problem }: Run): void {
  const summary: unknown = ground.utilities.mounted.pge.utility.requests.summary()
  const violations =
    typeof summary === 'object' && summary !== null && 'quotaViolations' in summary ? summary.quotaViolations : null
  if (JSON.stringify(violations) !== '{"perSecond":0,"perHour":0,"perDay":0}')
    problem(`the quota was broken: ${JSON.stringify(violations)}`)
}
