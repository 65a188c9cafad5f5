import type { z } from 'zod'
import { type Agreement, agreementsOf, type Household } from '../world/household.ts'
import { publishedDays } from '../world/ledger.ts'
import { dayFromIso, dayOf, isoDate, midnight } from '../world/local-days.ts'
import { billedPeriods } from '../world/periods.ts'
import { activeOf } from './authorizations.ts'
import type { Hooks } from './admin.ts'
import { bodies } from './admin-bodies.ts'
import type { Authorization } from './state.ts'
import { householdOf, type Utility } from './utility.ts'

/** Thrown for what the admin API cannot do; its message goes to the caller. */
export class BadRequest extends Error {}

/** By default the agreement's latest published day, ten percent up. */
export function correct(
  utility: Utility,
  hooks: Hooks,
  { login, usagePoint, ...body }: z.output<typeof bodies.correct>,
): unknown {
  const agreement = agreementBy(utility, { login, usagePoint })
  const published = publishedDays(utility.world, agreement, utility.now())
  const day = body.day === undefined ? published.until - 1 : dayFromIso(body.day)
  if (day === null || day < published.from || day >= published.until)
    throw new BadRequest('day is not a published YYYY-MM-DD')
  const correction = { usagePoint: agreement.id, day, permille: body.permille, at: utility.now() }
  utility.state.corrections.push(correction)
  utility.store.save()
  hooks.corrected(sharersOf(utility, login, agreement.id), correction)
  return { usagePoint: agreement.id, day: isoDate(day), from: midnight(day), until: midnight(day + 1) }
}

/** By default the latest bill, with an adjustment of minus five dollars. */
export function rebill(
  utility: Utility,
  hooks: Hooks,
  { login, usagePoint, ...body }: z.output<typeof bodies.rebill>,
): unknown {
  const agreement = agreementBy(utility, { login, usagePoint })
  const periods = billedPeriods(agreement, utility.now())
  const start = body.period === undefined ? (periods.at(-1)?.start ?? null) : dayFromIso(body.period)
  const period = periods.find((p) => p.start === start)
  if (!period) throw new BadRequest('No bill is issued for that period')
  const amountE5 = Math.round(body.amount * 100) * 1000
  const entry = { usagePoint: agreement.id, periodStart: period.start, amountE5, at: utility.now() }
  utility.state.rebills.push(entry)
  utility.store.save()
  hooks.rebilled(sharersOf(utility, login, agreement.id), entry)
  return { usagePoint: agreement.id, period: isoDate(period.start), adjustment: body.amount }
}

const sharersOf = (utility: Utility, login: string, usagePoint: string): Authorization[] =>
  activeOf(utility, login).filter((a) => a.agreements.includes(usagePoint))

function agreementBy(utility: Utility, by: { login: string; usagePoint: string | undefined }): Agreement {
  const agreement = agreementsOf(householdBy(utility, by.login)).find(
    (a) => by.usagePoint === undefined || a.id === by.usagePoint,
  )
  if (!agreement) throw new BadRequest('The customer has no such usage point')
  return agreement
}

/** The customer leaves: open agreements end before `day` (today), others begin with it at another address. */
export function moveCustomer(utility: Utility, hooks: Hooks, { login, day }: z.output<typeof bodies.move>): unknown {
  const before = agreementsOf(householdBy(utility, login)).map((a) => a.id)
  const at = dayBy(utility, day)
  utility.state.moves.push({ login, day: at })
  utility.world.households.delete(login)
  const added = agreementsOf(householdBy(utility, login)).filter((a) => !before.includes(a.id))
  const sharers = activeOf(utility, login)
  if (utility.settings.moveKeepsSharing)
    for (const authorization of sharers) authorization.agreements.push(...added.map((a) => a.id))
  utility.store.save()
  hooks.customerChanged(sharers)
  return { day: isoDate(at), usagePoints: added.map((a) => a.id) }
}

/** From `day` (today) on another meter measures. */
export function replaceMeter(
  utility: Utility,
  hooks: Hooks,
  { login, usagePoint, day }: z.output<typeof bodies.meter>,
): unknown {
  const old = agreementBy(utility, { login, usagePoint })
  const at = dayBy(utility, day)
  utility.state.meterChanges.push({ usagePoint: old.id, day: at })
  utility.world.households.delete(login)
  utility.store.save()
  hooks.customerChanged(sharersOf(utility, login, old.id))
  const { meter } = agreementBy(utility, { login, usagePoint: old.id })
  return { usagePoint: old.id, day: isoDate(at), from: old.meter, to: meter }
}

function dayBy(utility: Utility, day: string | undefined): number {
  const found = day === undefined ? dayOf(utility.now()) : dayFromIso(day)
  if (found === null || found > dayOf(utility.now())) throw new BadRequest('day is no YYYY-MM-DD up to today')
  return found
}

function householdBy(utility: Utility, login: string): Household {
  const household = householdOf(utility, login)
  if (!household) throw new BadRequest('login names no customer')
  return household
}
