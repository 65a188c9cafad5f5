import type { Utility } from '../utilities/contract.ts'

/** What every simulated utility can be asked to play. */
const EVERYWHERE = ['residential', 'commercial'] as const

/** What needs a utility that exists for tests alone. */
const FOR_TESTS = [
  'empty',
  'nointervals',
  'partialintervals',
  'badlogin',
  'badlogin_after',
  'websitedown',
  'websitedown_after',
  'utilityerror',
  'utilityerror_after',
  'pending_manual_after',
  'wait_to_login_after',
  'revoked',
] as const

/** Every scenario of a test submission (utilityapi.md section 9), by the log-in of its simulated customer. */
export const SCENARIOS = [...EVERYWHERE, ...FOR_TESTS] as const

export type Scenario = (typeof SCENARIOS)[number]

/** The scenarios that a utility's simulation has: all, where it is nothing but a simulation. */
export function scenariosOf({ environments }: Pick<Utility, 'environments'>): readonly Scenario[] {
  return Object.keys(environments).every((name) => name === 'simulated') ? SCENARIOS : EVERYWHERE
}
