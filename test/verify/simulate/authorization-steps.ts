import { endAuthorization } from '../../../src/authorization/end-authorization.ts'
import { StepRefused } from '../../../src/authorization/states.ts'
import { orderHistory } from '../../../src/collection/order-collection.ts'
import { AuthorizationRevoked, UtilityUnavailable } from '../../../src/utilities/errors.ts'
import { slugOf } from './ground.ts'
import type { Run } from './run-seed.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import { CONFIG } from './simulated-process.ts'

/** An access token runs out, and several want to use it in one moment. */
export async function refreshAtOnce(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found) return null
  await refreshNow(run, found.uid)
  return 'refresh at once'
}

/** The same, and the utility does not take the refresh token, though it goes on sharing. */
async function refuseRefresh(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found) return null
  run.ground.utilities.mounted[slugOf(found.utility)].utility.faults.add({
    on: 'token',
    mode: 'invalid-grant',
    times: 1,
  })
  run.count('token invalid-grant')
  await refreshNow(run, found.uid)
  return 'refresh refused'
}

async function refreshNow(run: Run, uid: string): Promise<void> {
  await run.ground.database.admin(
    'update grants set access_expires = $1 where authorization_uid = $2 and ended is null',
    [new Date(run.turns.now()), uid],
  )
  for (const process of run.processes) useTokenOf(run, process, uid)
}

/** A process uses the customer's token, and so learns whether it can still be used. */
export function useTokenOf(run: Run, { owner, useToken }: SimulatedProcess, uid: string): void {
  run.act(`${owner.name} uses a token`, owner, async () => {
    try {
      await useToken(uid)
    } catch (error) {
      if (!(error instanceof AuthorizationRevoked || error instanceof UtilityUnavailable)) throw error
    }
  })
}

/** A company ends what it was let into. */
export async function revokeByCompany(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found) return null
  const { db, owner } = run.random.pick(run.processes)
  run.act(`${owner.name} company revokes`, owner, async () => {
    const why = { by: 'company', reason: 'revoked_by_company', now: new Date(run.turns.now()) } as const
    const end = { authorizationUid: found.uid, to: 'revoked', why } as const
    try {
      await db.operator((tx) => endAuthorization(tx, CONFIG, end))
    } catch (error) {
      if (!(error instanceof StepRefused)) throw error
    }
  })
  return 'company revokes'
}

/** The day comes until which the customer has agreed; no job has seen it yet. */
export async function endConsent(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found) return null
  await run.ground.database.admin('update authorizations set expires = $1 where authorization_uid = $2', [
    new Date(run.turns.now()),
    found.uid,
  ])
  run.count('consent ends')
  return 'consent ends'
}

/** A company wants history of meters that it has. */
export async function orderByCompany(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found || found.meters.length === 0) return null
  const { db, owner } = run.random.pick(run.processes)
  const now = (): Date => new Date(run.turns.now())
  run.act(`${owner.name} company orders`, owner, async () => {
    await orderHistory({ db, now }, run.ground.companyUid, found.meters, 12)
  })
  return 'company orders history'
}

/** It ends, in one of the ways there are, while data are on their way that were asked for. */
export async function endInWork(run: Run): Promise<string | null> {
  if ((await someAuthorization(run)) === null) return null
  run.random.pick(run.processes).collector.ring()
  await holdAnswers(run)
  const end = run.random.pick([refuseRefresh, refuseRefresh, revokeByCompany, endConsent])
  const what = await end(run)
  await holdAnswers(run)
  return `${what ?? 'nothing ends'} in work`
}

const HELD_TURNS = 60

/** All that is under way goes on; only the data that a utility was asked for are late. */
async function holdAnswers({ random, turns, fate }: Run): Promise<void> {
  for (let turn = 0; turn < HELD_TURNS; turn++) {
    const parked = turns.parked().filter(({ label }) => !/ GET (?!Authorization)/.test(label))
    if (parked.length === 0) return
    const next = random.pick(parked)
    await turns.give(next, fate(next.isTransaction))
  }
}

/** Mostly one whose window is in work, since there something can still go wrong. */
async function someAuthorization(run: Run): Promise<{ uid: string; utility: string; meters: string[] } | null> {
  const rows = await run.ground.database.admin(
    `select a.authorization_uid::text as uid, a.utility, coalesce(array_agg(m.meter_uid::text order by m.meter_uid)
       filter (where m.meter_uid is not null), '{}') as meters, exists (select from windows w
        where w.authorization_uid = a.authorization_uid and w.state = 'leased') as busy
       from authorizations a left join meters m using (authorization_uid)
      where a.state in ('active', 'needs_reauthorization') group by a.authorization_uid order by a.authorization_uid`,
  )
  if (rows.length === 0) return null
  const busy = rows.filter((row) => row['busy'] === true)
  const { uid, utility, meters } = run.random.pick(busy.length > 0 && run.random.chance(0.7) ? busy : rows)
  return { uid: String(uid), utility: String(utility), meters: Array.isArray(meters) ? meters.map(String) : [] }
}
