import { publishedSince } from '../kit/announce.ts'
import { isOf } from '../kit/authorizations.ts'
import type { Party } from '../kit/parties.ts'
import type { Authorization } from '../kit/state.ts'
import { linkOrigin, type Utility } from '../kit/utility.ts'
import { element, entry, escape, feedEnd, feedStart, nested, root, typedInScope } from './xml.ts'
import type { Making } from './usage-xml.ts'

/** Seconds that PG&E prints for an authorization without end; thousands of years. */
const indefinite = { authorized: 251_963_658_000, published: 252_026_730_000 }

const period = (name: string, unit: number, { start, duration }: { start: number; duration: number }): string =>
  element(name, element('duration', duration * unit) + element('start', start * unit))

export const authorizationEntry = (utility: Utility, making: Making, authorization: Authorization): string => {
  const { base } = making.places
  const unit = utility.settings.periodsInMilliseconds ? 1000 : 1
  const { createdAt, endsAt } = authorization
  const first = publishedSince(utility, authorization)
  const self = `${base}/Authorization/${authorization.id}`
  const content = [
    period('authorizedPeriod', unit, {
      start: createdAt,
      duration: endsAt === null ? indefinite.authorized : endsAt - createdAt,
    }),
    period('publishedPeriod', unit, {
      start: first,
      duration: endsAt === null ? indefinite.published : endsAt - first,
    }),
    element('status', authorization.status),
    element('expires_at', endsAt ?? createdAt + indefinite.authorized),
    element('scope', escape(authorization.scope)),
    element('token_type', 'Bearer'),
    element('resourceURI', `${base}/Subscription/${authorization.id}`),
    element('authorizationURI', self),
  ].join('')
  return entry(making.style, {
    links: { up: `${base}/Authorization`, self },
    ms: making.ms,
    content: root('Authorization', content),
  })
}

/** One entry per customer and one for the third party's bulk. */
export const authorizationFeed = (utility: Utility, making: Making, party: Party): string => {
  const { base } = making.places
  const { bulkId } = party.registration
  const bulk = entry(making.style, {
    links: { up: `${base}/Authorization`, self: `${base}/Authorization/${bulkId}` },
    ms: making.ms,
    content: root(
      'Authorization',
      element('status', 1) +
        element('expires_at', 0) +
        element('scope', `FB=34_35_36_40;BR=${bulkId}`) +
        element('token_type', 'Bearer') +
        element('resourceURI', `${base}/Batch/Bulk/${bulkId}`) +
        element('authorizationURI', `${base}/Authorization/${bulkId}`),
    ),
  })
  const own = Object.values(utility.state.authorizations).filter((a) => isOf(a, party))
  const entries = own.map((a) => authorizationEntry(utility, making, a))
  return (
    feedStart(making.style, { title: 'Green Button Usage Feed', self: `${base}/Authorization`, ms: making.ms }) +
    [bulk, ...entries].map(nested).join('') +
    feedEnd
  )
}

export const applicationInformationEntry = (utility: Utility, making: Making, party: Party): string => {
  const { base } = making.places
  const { registration, addresses } = party
  const { origins } = utility
  const self = `${base}/ApplicationInformation/${registration.applicationInformationId}`
  const portal = addresses?.portalUri ?? addresses?.redirectUri ?? 'https://thirdparty.example/'
  const oauth = `${linkOrigin(utility)}/datacustodian/oauth/v2`
  const fields: [string, string | number][] = [
    ['dataCustodianId', 'PGE'],
    ['dataCustodianApplicationStatus', 2],
    ['thirdPartyApplicationDescription', 'A registered third party'],
    ['thirdPartyApplicationType', 1],
    ['thirdPartyPhone', '5555550100'],
    ['authorizationServerUri', linkOrigin(utility)],
    ['thirdPartyNotifyUri', addresses?.notificationUri ?? ''],
    ['authorizationServerAuthorizationEndpoint', `${oauth}/authorize`],
    ['authorizationServerTokenEndpoint', `${oauth}/token`],
    ['dataCustodianBulkRequestURI', `${base}/Batch/Bulk/${registration.bulkId}`],
    ['dataCustodianResourceEndpoint', base],
    ['thirdPartyScopeSelectionScreenURI', portal],
    ['thirdPartyUserPortalScreenURI', portal],
    ['client_secret', registration.clientSecret],
    ['client_name', 'Registered third party'],
    ['redirect_uri', addresses?.redirectUri ?? ''],
    ['client_id', registration.clientId],
    ['software_id', 'NA'],
    ['software_version', 'NA'],
    ['client_id_issued_at', 1_700_000_000_000],
    ['client_secret_expires_at', 0],
    ['contacts', 'contact@thirdparty.example'],
    ['token_endpoint_auth_method', 'client_secret_basic'],
    [
      'scope',
      `FB=1_3_4_5_8_10_13_14_15_16_18_19_31_32_35_37_38_39_40_46_47;IntervalDuration=900_3600;BlockDuration=Daily;HistoryLength=${party.historySeconds};SubscriptionFrequency=Daily;`,
    ],
    ['grant_types', 'authorization_code'],
    ['grant_types', 'client_credentials'],
    ['grant_types', 'refresh_token'],
    ['response_types', 'code'],
    ['registration_client_uri', self],
  ]
  return entry(making.style, {
    links: { up: `${base}/ApplicationInformation`, self },
    title: 'GreenButtonData.org  DataCustodian Application',
    ms: making.ms,
    content: root(
      'ApplicationInformation',
      fields.map(([name, value]) => element(name, escape(String(value)))).join('') +
        typedInScope('registration_access_token', registration.registrationAccessToken) +
        typedInScope(
          'dataCustodianScopeSelectionScreenURI',
          `${origins.pages}/myAuthorization/?clientId=${registration.bulkId}&verified=true`,
        ),
    ),
  })
}
