import type { Hooks } from '../kit/admin.ts'
import { activeAuthorizations } from '../kit/authorizations.ts'
import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'

export const resourceBase = (utility: Utility): string => `${utility.origins.api}/espi/1_1/resource`

const announce = (utility: Utility, paths: readonly string[]): void => {
  const to = utility.state.thirdParty?.notificationUri
  if (!to || paths.length === 0) return
  const resources = paths.map((path) => `${resourceBase(utility)}/${path}`)
  utility.notifier.send({
    to,
    resources,
    settings: utility.settings,
    fault: utility.faults.take('notification', resources.join(' ')),
    now: utility.now(),
    render: (named) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<BatchList xmlns="http://naesb.org/espi">${named.map((uri) => `<resources>${uri}</resources>`).join('')}</BatchList>\n`,
  })
}

const subscriptions = (authorizations: readonly Authorization[]): string[] =>
  authorizations.map((a) => `Batch/Subscription/${a.id}`)

/** Every change is announced with the address of the subscription, or of the Authorization when that ended. */
export const hooksOf = (utility: Utility): Hooks => ({
  revoked: (authorization) => announce(utility, [`Authorization/${authorization.id}`]),
  corrected: (authorizations) => announce(utility, subscriptions(authorizations)),
  rebilled: (authorizations) => announce(utility, subscriptions(authorizations)),
  daysBegan: () => {
    if (utility.settings.dailyPush) announce(utility, subscriptions(activeAuthorizations(utility)))
  },
})
