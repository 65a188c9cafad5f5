import type { Hooks } from '../kit/admin.ts'
import { activeAuthorizations } from '../kit/authorizations.ts'
import type { Authorization } from '../kit/state.ts'
import { announceTo, byParty } from '../kit/announce.ts'
import type { Party } from '../kit/parties.ts'
import { linkOrigin, partyNamed, type Utility } from '../kit/utility.ts'

export const resourceBase = (utility: Utility): string => `${linkOrigin(utility)}/espi/1_1/resource`

const announce = (utility: Utility, party: Party, paths: readonly string[]): void =>
  announceTo(utility, party, {
    resources: paths.map((path) => `${resourceBase(utility)}/${path}`),
    render: (named) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<BatchList xmlns="http://naesb.org/espi">${named.map((uri) => `<resources>${uri}</resources>`).join('')}</BatchList>\n`,
  })

/** Every change is announced with the address of the subscription, or of the Authorization when that ended. */
export const hooksOf = (utility: Utility): Hooks => {
  const changed = (shared: readonly Authorization[]): void => {
    for (const { party, authorizations } of byParty(utility, shared))
      announce(
        utility,
        party,
        authorizations.map((a) => `Batch/Subscription/${a.id}`),
      )
  }
  return {
    revoked: (a) => announce(utility, partyNamed(utility, a.party), [`Authorization/${a.id}`]),
    corrected: changed,
    rebilled: changed,
    customerChanged: changed,
    daysBegan: () => changed(activeAuthorizations(utility).filter((a) => partyNamed(utility, a.party).dailyPush)),
  }
}
