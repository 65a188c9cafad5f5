import { createHash } from 'node:crypto'

import { endInWork } from './authorization-steps.ts'
import { calmDown, drain } from './calm-down.ts'
import { checkEnd } from './check-end.ts'
import { openTurnChecks, type TurnChecks } from './check-turn.ts'
import type { Ground } from './ground.ts'
import { openOutboundWatch } from './outbound-watch.ts'
import { seeded } from './seeded.ts'
import { type Customer, newCustomer, nextClick } from './simulated-customer.ts'
import { type Around, DatabaseGone, openProcess, type SimulatedProcess } from './simulated-process.ts'
import { STEPS } from './steps.ts'
import { type Fate, openTurns, type Owner } from './turns.ts'

/** One seed under way. */
export type Run = Around & {
  customers: Customer[]
  processes: SimulatedProcess[]
  /** Starts something that goes on in turns; that it fails in another way than it may is a problem. */
  act(label: string, owner: Owner, work: () => Promise<void>): void
  /** What was started and has not ended. */
  open(): string[]
  pass(ms: number): Promise<void>
  count(kind: string): void
  nextName(): string
  bury(process: SimulatedProcess | undefined): void
  /** The fates of the database that can still happen; none once all is calm. */
  fate(isTransaction: boolean): Fate
  calm(): void
  /** Whether the utility was made to refuse a good refresh token. */
  refusedByFault(): boolean
  /** Whether a utility was made to say that a good grant does not hold what was asked for: that product waits for a renewal. */
  refusedProduct(): boolean
}

export type Outcome = {
  seed: number
  /** What went wrong; empty: nothing. */
  problems: string[]
  trace: string[]
  /** SHA-256 of the trace. */
  hash: string
  /** How often what was done to it: steps, faults, deaths, and what came of it: requests, refreshes, tries, renewals. */
  counts: Record<string, number>
}

/** Days on which seeds begin, so that calendars differ. */
const DAYS = 330
const DAY_MS = 86_400_000
const FIRST_DAY = Date.parse('2026-01-10T20:00:00Z')
const OPTIONAL = Object.keys(STEPS).filter((name) => !['click', 'pause', 'ring', 'job'].includes(name))

/** Runs one seed on its own customers: a program of steps and faults, then calm, then everything must be right. */
export async function runSeed(ground: Ground, seed: number): Promise<Outcome> {
  const random = seeded(seed)
  const start = FIRST_DAY + (seed % DAYS) * DAY_MS + random.below(DAY_MS / 1000) * 1000
  const historyMonths = random.pick([24, 24, 1])
  await ground.clear(historyMonths)
  const utilities = { historyMonths: random.pick([0, 0, 1]), perHour: random.pick([2000, 2000, 10]) }
  ground.utilities.renew(start, seeded(seed + 1_000_000), utilities)
  const { run, problems, trace, faults, checks } = begin(ground, { seed, start, random })
  const customers = 1 + random.below(3)
  run.customers.push(...Array.from({ length: customers }, (_, n) => newCustomer(seed, n, random)))
  for (let n = 1 + random.below(3); n > 0; n--) run.processes.push(openProcess(run, run.nextName()))
  let turns = 0
  try {
    await settleIn(run)
    turns = await program(run, checks)
    run.calm()
    await calmDown(run)
    await checks.check(run)
    await checkEnd(run)
    trace.push(...(await whatBecame(ground)))
  } catch (error) {
    problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  for (const process of run.processes) process.die()
  problems.push(...run.watch.wrong)
  const hash = createHash('sha256').update(trace.join('\n')).digest('hex')
  const { requests, refreshes } = run.watch
  const counts = { ...Object.fromEntries(faults), turns, requests, refreshes, ...(await whatCame(ground)) }
  return { seed, problems, trace, hash, counts }
}

async function whatCame({ database }: Ground): Promise<Record<string, number>> {
  const rows = await database.admin(
    `select (select coalesce(sum(attempts), 0)::int from windows) as retries,
            (select count(*)::int from windows where state = 'done') as windows,
            (select count(*)::int from raw_feeds) as feeds, (select count(*)::int from authorizations) as authorizations,
            (select count(*)::int from grants where grant_no > 1) as renewals,
            (select count(*)::int from audit_entries where action like '%revoked%') as revocations`,
  )
  return Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, count]) => [name, Number(count)]))
}

/** States, events and what is stored, for the trace. */
async function whatBecame({ database }: Ground): Promise<string[]> {
  const rows = await database.admin(
    `select concat_ws(' ', a.authorization_uid, a.state,
       (select string_agg(e.type, ',' order by e.event_uid) from events e where e.authorization_uid = a.authorization_uid),
       (select sum(b.readings) from series_blocks b where b.authorization_uid = a.authorization_uid),
       (select count(*) from bills b where b.authorization_uid = a.authorization_uid)) as line
       from authorizations a order by a.authorization_uid`,
  )
  return rows.map(({ line }) => String(line))
}

type Begun = { run: Run; problems: string[]; trace: string[]; faults: Map<string, number>; checks: TurnChecks }

function begin(
  ground: Ground,
  { seed, start, random }: { seed: number; start: number; random: Around['random'] },
): Begun {
  const turns = openTurns(start)
  const watch = openOutboundWatch(ground, turns.now)
  const problems: string[] = []
  const trace: string[] = [`seed ${seed}`]
  const faults = new Map<string, number>()
  const open = new Map<object, { owner: Owner; label: string }>()
  let names = 0
  let databaseFaults = random.chance(0.4) ? 0.01 : 0
  const note = (line: string): void => void trace.push(`${((turns.now() - start) / 1000).toFixed(1)} ${line}`)
  const run: Run = {
    ...{ ground, turns, random, watch, customers: [], processes: [] },
    problem: (text) => void problems.push(text),
    act(label, owner, work) {
      const key = {}
      open.set(key, { owner, label })
      note(`${label} begins`)
      const failed = (error: unknown): void => {
        note(`${label} fails: ${error instanceof Error ? error.message : String(error)}`)
        if (!(error instanceof DatabaseGone))
          problems.push(`${label}: ${error instanceof Error ? error.stack : String(error)}`)
      }
      work()
        .then(() => note(`${label} ends`), failed)
        .finally(() => open.delete(key))
    },
    open: () => [...open.values()].filter(({ owner }) => !owner.isDead).map(({ label }) => label),
    pass: (ms) => turns.advance(turns.now() + ms, (now) => ground.utilities.setClock(now)),
    count: (kind) => void faults.set(kind, (faults.get(kind) ?? 0) + 1),
    nextName: () => `p${++names}`,
    bury: (process) => process && note(`${process.owner.name} is dead`),
    fate(isTransaction) {
      if (!isTransaction || !random.chance(databaseFaults)) return 'run'
      const fate = random.pick(['refused', 'unanswered'] as const)
      run.count(`database ${fate}`)
      return fate
    },
    calm: () => void (databaseFaults = 0),
    refusedByFault: () => faults.has('token invalid-grant'),
    refusedProduct: () => faults.has('resource http-403-scope'),
  }
  const give = turns.give
  turns.give = async (turn, fate) => {
    note(`${turn.owner.name} ${turn.label}${fate === 'run' ? '' : ` ${fate}`}`)
    await give(turn, fate)
  }
  return { run, problems, trace, faults, checks: openTurnChecks(note) }
}

const CLICKS = 8
/** A check of all that must hold costs as much as some turns. */
const CHECK_EVERY = 16

/** Most customers share before anything goes wrong; of some all is collected, and some end while it is. */
async function settleIn(run: Run): Promise<void> {
  for (const customer of run.customers) {
    if (run.random.chance(0.3)) continue
    const { path, owner } = run.random.pick(run.processes)
    for (let n = 0; n < CLICKS && customer.at.stage !== 'receipt'; n++) {
      const { name, click } = nextClick(customer, { ...run, path })
      run.act(`${owner.name} ${name}`, owner, click)
      await drain(run)
    }
    if (run.random.chance(0.5)) await endInWork(run)
    if (run.random.chance(0.5)) run.random.pick(run.processes).collector.ring()
  }
  if (run.random.chance(0.5)) await drain(run)
}

/** Some hundred turns: mostly something that waits goes on, else something new happens. */
async function program(run: Run, checks: TurnChecks): Promise<number> {
  const { random, turns } = run
  const enabled = Object.entries(STEPS).filter(([name]) => !OPTIONAL.includes(name) || random.chance(0.7))
  const total = enabled.reduce((sum, [, { weight }]) => sum + weight, 0)
  const length = 150 + random.below(300)
  const goOn = random.pick([0.6, 0.8, 0.9])
  for (let turn = 0; turn < length; turn++) {
    const parked = turns.parked()
    if (parked.length > 0 && random.chance(goOn)) {
      const next = random.pick(parked)
      await turns.give(next, run.fate(next.isTransaction))
    } else {
      let at = random.fraction() * total
      const found = enabled.find(([, { weight }]) => (at -= weight) < 0)
      const what = await found?.[1].step(run)
      if (what) {
        checks.note(`step ${what}`)
        run.count('steps')
      }
      await turns.settle()
    }
    if (turn % CHECK_EVERY === 0) await checks.check(run)
  }
  return length
}
