import { midnight } from '../world/local-days.ts'
import type { Authorization } from './state.ts'
import type { Party } from './parties.ts'
import { partyNamed, type Utility } from './utility.ts'

/** Posts one notification with all the addresses to a third party that has an address for it. */
export const announceTo = (
  utility: Utility,
  party: Party,
  { resources, render }: { resources: readonly string[]; render: (named: readonly string[]) => string },
): void => {
  const to = party.addresses?.notificationUri
  if (!to || resources.length === 0) return
  utility.notifier.send({
    to,
    resources: [...resources],
    settings: utility.settings,
    fault: utility.faults.take('notification', resources.join(' ')),
    now: utility.now(),
    render,
  })
}

/** Authorizations by the third party they were given to. */
export const byParty = (
  utility: Utility,
  authorizations: readonly Authorization[],
): { party: Party; authorizations: Authorization[] }[] =>
  [...Map.groupBy(authorizations, (a) => partyNamed(utility, a.party))].map(([party, own]) => ({
    party,
    authorizations: own,
  }))

/** Earliest moment of which an authorization has data. */
export const publishedSince = (utility: Utility, authorization: Authorization): number => {
  const { agreements, firstDay = 0 } = utility.sharedOf(authorization)
  return Math.min(authorization.createdAt, ...agreements.map((a) => midnight(Math.max(a.firstDay, firstDay))))
}
