import { findHousehold } from '../../../simulators/world/customers.ts'
import { agreementsOf } from '../../../simulators/world/household.ts'
import { activeOf, endAuthorization as endAtUtility } from '../../../simulators/kit/authorizations.ts'
import { BadRequest, correct, moveCustomer, rebill, replaceMeter } from '../../../simulators/kit/world-changes.ts'
import type { Fault } from '../../../simulators/kit/faults/contract.ts'
import { endAuthorization } from '../../../src/authorization/end-authorization.ts'
import { StepRefused } from '../../../src/authorization/states.ts'
import { orderHistory } from '../../../src/collection/order-collection.ts'
import { AuthorizationRevoked, UtilityUnavailable } from '../../../src/utilities/errors.ts'
import type { Run } from './run-seed.ts'
import { nextClick } from './simulated-customer.ts'
import { CONFIG, JOBS, openProcess } from './simulated-process.ts'
import { SLUGS } from './simulated-utilities.ts'

/** Something that happens because the seed says so. Null: it cannot happen now. Else its name, for the trace. */
type Step = (run: Run) => Promise<string | null>

const SECOND = 1000
const HOUR = 3_600_000
/** How long nothing happens; what is long is rare. */
const PAUSES = [1, 1, 2, 5, 5, 12, 25, 45, 90, 300, 3600, 6 * 3600, 26 * 3600] as const

/** Faults of a utility that the product has to survive; none of them waits in real time. */
const FAULTS: readonly Pick<Fault, 'on' | 'mode' | 'seconds'>[] = [
  ...(
    ['http-500', 'http-502', 'http-429', 'http-408', 'html', 'empty', 'lost-answer', 'close', 'cut'] as const
  ).flatMap((mode) => [{ on: 'resource', mode } as const, { on: 'token', mode } as const]),
  { on: 'resource', mode: 'http-429-seconds', seconds: 20 },
  { on: 'resource', mode: 'http-503-retry-after', seconds: 90 },
  { on: 'resource', mode: 'http-401-expired' },
  { on: 'resource', mode: 'http-403-scope' },
  { on: 'resource', mode: 'reset-in-body' },
  { on: 'resource', mode: 'json-error' },
  { on: 'resource', mode: 'expire-mid-feed' },
  { on: 'resource', mode: 'foreign-entry' },
  { on: 'resource', mode: 'late-day' },
  { on: 'resource', mode: 'missing-day' },
  { on: 'resource', mode: 'doubled-readings' },
  { on: 'resource', mode: 'readings-backward' },
  { on: 'token', mode: 'invalid-grant' },
  { on: 'token', mode: 'no-refresh-token' },
  { on: 'token', mode: 'expires-in-zero' },
]

export const STEPS: Record<string, { weight: number; step: Step }> = {
  click: { weight: 12, step: click },
  pause: { weight: 8, step: pause },
  ring: { weight: 3, step: ring },
  ringAll: { weight: 2, step: ringAll },
  refreshAtOnce: { weight: 1.5, step: refreshAtOnce },
  job: { weight: 4, step: job },
  letter: { weight: 4, step: deliver },
  letterLost: { weight: 1, step: loseLetter },
  letterForged: { weight: 1, step: forgeLetter },
  fault: { weight: 3, step: fault },
  tokensExpire: { weight: 1, step: expireTokens },
  correct: { weight: 1, step: (run) => change(run, 'correct') },
  rebill: { weight: 1, step: (run) => change(run, 'rebill') },
  move: { weight: 0.4, step: (run) => change(run, 'move') },
  meter: { weight: 0.6, step: (run) => change(run, 'meter') },
  endAtUtility: { weight: 0.5, step: revokeAtUtility },
  companyEnds: { weight: 0.4, step: revokeByCompany },
  companyOrders: { weight: 0.5, step: orderByCompany },
  death: { weight: 1.2, step: die },
}

async function click(run: Run): Promise<string | null> {
  const { random, turns } = run
  const customer = random.pick(run.customers)
  const { path, owner } = random.pick(run.processes)
  const { name, click: clicks } = nextClick(customer, { path, random, turns })
  const isDouble = random.chance(0.15)
  run.act(`${owner.name} ${name}`, owner, clicks)
  if (isDouble) run.act(`${owner.name} ${name} again`, owner, clicks)
  return isDouble ? `${name} twice` : name
}

async function pause(run: Run): Promise<string> {
  const seconds = run.random.pick(PAUSES.slice(0, run.random.chance(0.25) ? PAUSES.length : 7))
  await run.pass(seconds * SECOND)
  return `pause ${seconds} s`
}

async function ring({ random, processes }: Run): Promise<string> {
  const { collector, owner } = random.pick(processes)
  collector.ring()
  return `ring ${owner.name}`
}

/** All processes look at what is owed in one moment. */
async function ringAll({ processes }: Run): Promise<string> {
  for (const { collector } of processes) collector.ring()
  return 'ring all'
}

/** An access token runs out, and several want to use it in one moment. */
async function refreshAtOnce(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found) return null
  await run.ground.database.admin(
    'update grants set access_expires = $1 where authorization_uid = $2 and ended is null',
    [new Date(run.turns.now()), found.uid],
  )
  for (const { owner, useToken } of run.processes) {
    run.act(`${owner.name} uses a token`, owner, async () => {
      try {
        await useToken(found.uid)
      } catch (error) {
        if (!(error instanceof AuthorizationRevoked || error instanceof UtilityUnavailable)) throw error
      }
    })
  }
  return 'refresh at once'
}

async function job(run: Run): Promise<string> {
  const name = run.random.pick(Object.keys(JOBS).filter((key): key is keyof typeof JOBS => key in JOBS))
  const { owner, run: start } = run.random.pick(run.processes)
  run.act(`${owner.name} ${name}`, owner, () => start(name))
  return `job ${name}`
}

async function deliver(run: Run): Promise<string | null> {
  const { letters } = run.ground.utilities
  if (letters.length === 0) return null
  const at = run.random.below(letters.length)
  const letter = letters[at]
  if (!letter) return null
  if (!run.random.chance(0.2)) letters.splice(at, 1) // else it comes once more
  receive(run, letter.slug, letter.body)
  return `letter of ${letter.slug}`
}

function receive(run: Run, slug: (typeof SLUGS)[number], body: string): void {
  const { notifications, owner } = run.random.pick(run.processes)
  const { notificationKey } = run.ground.registrations[slug]
  run.act(`${owner.name} receives`, owner, async () => {
    await notifications.receive(notificationKey, Buffer.from(body))
  })
}

async function loseLetter({ ground, random }: Run): Promise<string | null> {
  const { letters } = ground.utilities
  if (letters.length === 0) return null
  letters.splice(random.below(letters.length), 1)
  return 'letter lost'
}

async function forgeLetter(run: Run): Promise<string> {
  const slug = run.random.pick(SLUGS)
  const { utility } = run.ground.utilities.mounted[slug]
  const known = Object.keys(utility.state.authorizations)
  const id = known.length > 0 ? run.random.pick(known) : '1'
  const host = run.random.pick([utility.origins.api, 'https://forged.example'])
  const base = run.random.pick(['/espi/1_1/resource', '/GreenButtonConnect/espi/1_1/resource'])
  const what = run.random.pick([`Batch/Subscription/${id}`, `Authorization/${id}`, 'Batch/Bulk/1/x', '../../secret'])
  receive(
    run,
    slug,
    `<BatchList xmlns="http://naesb.org/espi"><resources>${host}${base}/${what}</resources></BatchList>`,
  )
  return `forged letter of ${slug}`
}

async function fault(run: Run): Promise<string> {
  const { slug } = run.random.pick(run.customers)
  const picked = run.random.pick(FAULTS)
  const { faults } = run.ground.utilities.mounted[slug].utility
  faults.add({ ...picked, times: 1 + run.random.below(run.random.chance(0.2) ? 12 : 2) })
  run.count(`${picked.on} ${picked.mode}`)
  return `${slug} fault ${picked.on} ${picked.mode}`
}

async function expireTokens(run: Run): Promise<string> {
  const { slug } = run.random.pick(run.customers)
  const { utility } = run.ground.utilities.mounted[slug]
  for (const token of Object.values(utility.state.tokens)) if (token.kind !== 'refresh') token.expiresAt = utility.now()
  run.count('tokens expire')
  return `${slug} tokens expire`
}

async function change(run: Run, what: 'correct' | 'rebill' | 'move' | 'meter'): Promise<string | null> {
  const { slug, login } = run.random.pick(run.customers)
  const { utility, hooks } = run.ground.utilities.mounted[slug]
  const household = findHousehold(utility.world, login)
  if (!household || activeOf(utility, login).length === 0) return null
  const usagePoint = run.random.pick(agreementsOf(household)).id
  const permille = run.random.pick([900, 1100, 1300])
  const amount = run.random.pick([-5, 7.25])
  try {
    if (what === 'correct') correct(utility, hooks, { login, usagePoint, permille })
    if (what === 'rebill') rebill(utility, hooks, { login, usagePoint, amount })
    if (what === 'move') moveCustomer(utility, hooks, { login })
    if (what === 'meter') replaceMeter(utility, hooks, { login, usagePoint })
  } catch (error) {
    if (error instanceof BadRequest) return null // nothing is published or billed yet
    throw error
  }
  run.count(what)
  return `${slug} ${what}`
}

async function revokeAtUtility(run: Run): Promise<string | null> {
  const { slug, login } = run.random.pick(run.customers)
  const { utility, hooks } = run.ground.utilities.mounted[slug]
  const [authorization] = activeOf(utility, login)
  if (!authorization) return null
  endAtUtility(utility, authorization)
  hooks.revoked(authorization)
  run.count('revoked at the utility')
  return `${slug} revoked at the utility`
}

async function someAuthorization(run: Run): Promise<{ uid: string; meters: string[] } | null> {
  const rows = await run.ground.database.admin(
    `select a.authorization_uid::text as uid, coalesce(array_agg(m.meter_uid::text order by m.meter_uid)
       filter (where m.meter_uid is not null), '{}') as meters
       from authorizations a left join meters m using (authorization_uid)
      where a.state in ('active', 'needs_reauthorization') group by a.authorization_uid order by a.authorization_uid`,
  )
  if (rows.length === 0) return null
  const { uid, meters } = run.random.pick(rows)
  return { uid: String(uid), meters: Array.isArray(meters) ? meters.map(String) : [] }
}

async function revokeByCompany(run: Run): Promise<string | null> {
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

async function orderByCompany(run: Run): Promise<string | null> {
  const found = await someAuthorization(run)
  if (!found || found.meters.length === 0) return null
  const { db, owner } = run.random.pick(run.processes)
  const now = (): Date => new Date(run.turns.now())
  run.act(`${owner.name} company orders`, owner, async () => {
    await orderHistory({ db, now }, run.ground.companyUid, found.meters, 12)
  })
  return 'company orders history'
}

/** A process dies between two turns; another one takes its place. */
async function die(run: Run): Promise<string> {
  const at = run.random.below(run.processes.length)
  const dead = run.processes[at]
  dead?.die()
  run.bury(dead)
  run.processes[at] = openProcess(run, run.nextName())
  run.count('process dies')
  return `${dead?.owner.name} dies`
}

export const DAY = 24 * HOUR
