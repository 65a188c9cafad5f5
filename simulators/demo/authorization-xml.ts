import type { Authorization } from '../kit/state.ts'
import type { Utility } from '../kit/utility.ts'
import { publishedSince } from '../kit/announce.ts'
import { resourceBase } from './hooks.ts'
import { element, entryOf, escape } from './xml.ts'

const forever = 3_155_760_000

/** One Authorization, in seconds throughout. */
export const authorizationEntry = (utility: Utility, authorization: Authorization): string => {
  const base = resourceBase(utility)
  const { createdAt, endsAt, id } = authorization
  const first = publishedSince(utility, authorization)
  const period = (name: string, start: number): string =>
    element(name, element('duration', endsAt === null ? forever : endsAt - start) + element('start', start))
  const self = `${base}/Authorization/${id}`
  return entryOf({
    kind: 'Authorization',
    self,
    up: `${base}/Authorization`,
    title: 'Authorization',
    at: utility.now(),
    content: [
      period('authorizedPeriod', createdAt),
      period('publishedPeriod', first),
      element('status', authorization.status),
      element('expires_at', endsAt ?? createdAt + forever),
      element('scope', escape(authorization.scope)),
      element('token_type', 'Bearer'),
      element('resourceURI', `${base}/Batch/Subscription/${id}`),
      element('authorizationURI', self),
      element('customerResourceURI', `${base}/Batch/RetailCustomer/${id}`),
    ].join(''),
  })
}
