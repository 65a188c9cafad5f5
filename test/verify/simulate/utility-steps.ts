import { findHousehold } from '../../../simulators/world/customers.ts'
import { agreementsOf } from '../../../simulators/world/household.ts'
import { activeOf, endAuthorization } from '../../../simulators/kit/authorizations.ts'
import { BadRequest, correct, moveCustomer, rebill, replaceMeter } from '../../../simulators/kit/world-changes.ts'
import type { Fault } from '../../../simulators/kit/faults/contract.ts'
import type { Run } from './run-seed.ts'

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

/** The next answers of a utility are bad. */
export async function fault(run: Run): Promise<string> {
  const { slug } = run.random.pick(run.customers)
  const picked = run.random.pick(FAULTS)
  const { faults } = run.ground.utilities.mounted[slug].utility
  faults.add({ ...picked, times: 1 + run.random.below(run.random.chance(0.2) ? 12 : 2) })
  run.count(`${picked.on} ${picked.mode}`)
  return `${slug} fault ${picked.on} ${picked.mode}`
}

/** Access tokens run out at the utility before they should. */
export async function expireTokens(run: Run): Promise<string> {
  const { slug } = run.random.pick(run.customers)
  const { utility } = run.ground.utilities.mounted[slug]
  for (const token of Object.values(utility.state.tokens)) if (token.kind !== 'refresh') token.expiresAt = utility.now()
  run.count('tokens expire')
  return `${slug} tokens expire`
}

/** Something happens to a meter, a bill or a customer. */
export async function change(run: Run, what: 'correct' | 'rebill' | 'move' | 'meter'): Promise<string | null> {
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

/** A customer ends at the utility, which says so. */
export async function revokeAtUtility(run: Run): Promise<string | null> {
  const { slug, login } = run.random.pick(run.customers)
  const { utility, hooks } = run.ground.utilities.mounted[slug]
  const [authorization] = activeOf(utility, login)
  if (!authorization) return null
  endAuthorization(utility, authorization)
  hooks.revoked(authorization)
  run.count('revoked at the utility')
  return `${slug} revoked at the utility`
}
