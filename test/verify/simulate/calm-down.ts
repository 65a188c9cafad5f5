import { useTokenOf } from './authorization-steps.ts'
import type { Run } from './run-seed.ts'
import { JOBS } from './simulated-process.ts'
import { SLUGS } from './simulated-utilities.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TURNS = 5000
const ROUNDS = 1000
/** Jobs are run so often at most. */
const JOBS_MS = 10_000

/**
 * The faults are over, and time goes on: nobody does anything by hand, and everything that is owed has to be had. Two days
 * of the ordinary, so that the daily refresh has seen all that changed.
 */
export async function calmDown(run: Run): Promise<void> {
  const { ground, random } = run
  for (const slug of SLUGS) ground.utilities.mounted[slug].utility.faults.list.length = 0
  if (random.chance(0.5)) ground.utilities.letters.length = 0
  await workOff(run)
  for (let day = 0; day < 2; day++) {
    await run.pass(untilNoon(run.turns.now() + 21 * HOUR_MS) - run.turns.now())
    await workOff(run)
  }
  await checkGrantsAtNight(run)
  await useTokens(run)
}

/** 20:00 UTC is noon, or one o'clock, in California: no day begins while the last work is done. */
function untilNoon(from: number): number {
  const noon = Math.floor(from / DAY_MS) * DAY_MS + 20 * HOUR_MS
  return noon >= from ? noon : noon + DAY_MS
}

async function workOff(run: Run): Promise<void> {
  let jobsDue = run.turns.now()
  for (let round = 0; round < ROUNDS; round++) {
    await drain(run)
    await receiveAll(run)
    const withJobs = run.turns.now() >= jobsDue
    if (withJobs) {
      jobsDue = run.turns.now() + JOBS_MS
      await runJobs(run)
    }
    run.random.pick(run.processes).collector.ring()
    await drain(run)
    const due = run.ground.utilities.letters.length > 0 ? run.turns.now() : await nextDue(run)
    if (due === null && withJobs) return
    await run.pass(Math.max((due ?? jobsDue) - run.turns.now(), 1000))
  }
  run.problem('it does not come to an end')
}

async function runJobs(run: Run): Promise<void> {
  for (const job of Object.keys(JOBS).filter((key): key is keyof typeof JOBS => key in JOBS)) {
    const { owner, run: start } = run.random.pick(run.processes)
    run.act(`${owner.name} ${job}`, owner, () => start(job))
    await drain(run)
  }
}

/** Gives turns until nobody waits for one, and lets time pass for those who wait for that. */
export async function drain({ turns, random, pass, problem }: Run): Promise<void> {
  await turns.settle()
  for (let turn = 0; turn < TURNS; turn++) {
    const parked = turns.parked()
    const wait = turns.nextWait()
    if (parked.length > 0) await turns.give(random.pick(parked), 'run')
    else if (wait !== null) await pass(wait - turns.now())
    else return
  }
  problem('it does not come to rest')
}

async function receiveAll(run: Run): Promise<void> {
  for (const { slug, body } of run.ground.utilities.letters.splice(0)) {
    const { notifications, owner } = run.random.pick(run.processes)
    const { notificationKey } = run.ground.registrations[slug]
    run.act(`${owner.name} receives`, owner, async () => {
      await notifications.receive(notificationKey, Buffer.from(body))
    })
    await drain(run)
  }
}

/** The next moment at which something is due; null: nothing is owed any more. */
async function nextDue({ ground, turns }: Run): Promise<number | null> {
  const [row] = await ground.database.admin(
    `select min(at) as at from (
       select greatest(w.next_try, l.open_until, case when w.priority >= 200 then l.history_from
                                                      when w.priority >= 100 then l.fresh_from end) as at
         from windows w join authorizations a using (authorization_uid)
         left join limits l on l.registration_uid = a.registration_uid
        where w.state in ('owed', 'waiting') and a.state = 'active'
       union all select w.lease_until from windows w join authorizations a using (authorization_uid)
        where w.state = 'leased' and a.state = 'active'
       union all select tell_next from grants where tell_next is not null
       union all select updated + interval '24 hours' from flows where state = 'granted'
       union all select $1::timestamptz + interval '2 minutes' from notifications where judged is null) due`,
    [new Date(turns.now())],
  )
  return row?.['at'] instanceof Date ? row['at'].getTime() : null
}

/** Where data come in files, only the question of the day tells that a share has ended: at each one's own minute. */
async function checkGrantsAtNight(run: Run): Promise<void> {
  const rows = await run.ground.database.admin(
    `select distinct (authorization_uid % 1440)::int as slot from authorizations where state = 'active' and utility = 'SCE'
      order by 1`,
  )
  for (const { slot } of rows) {
    const minute = Math.floor(run.turns.now() / 60_000) % 1440
    await run.pass((((Number(slot) - minute + 1440) % 1440) + 0.01) * 60_000)
    const { owner, run: start } = run.random.pick(run.processes)
    run.act(`${owner.name} sweep`, owner, () => start('sweep'))
    await drain(run)
  }
  if (rows.length === 0) return
  await run.pass(untilNoon(run.turns.now() + 21 * HOUR_MS) - run.turns.now())
  await workOff(run)
}

/** Where data come in files nothing else needs a customer's token, and nobody has learned of one that was lost. */
async function useTokens(run: Run): Promise<void> {
  const rows = await run.ground.database.admin(
    `select authorization_uid::text as uid from authorizations where state = 'active' and utility = 'SCE' order by 1`,
  )
  for (const { uid } of rows) {
    useTokenOf(run, run.random.pick(run.processes), String(uid))
    await drain(run)
  }
  await workOff(run)
}
