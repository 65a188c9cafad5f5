import { momentOf } from '../api/render/espi-feed.ts'
import { blank } from '../espi/blank.ts'
import { entryBelow } from '../espi/write/entry-below.ts'
import type { WrittenEntry } from '../espi/write/write-feed.ts'
import type { ClientConsentRow } from '../storage/client-consents.ts'
import type { ClientRow } from '../storage/clients.ts'
import { type CustodianDeps, resourceBase } from './custodian-deps.ts'

/** espi.xsd AuthorizationStatus. */
const ACTIVE = '1'
const REVOKED = '0'

type Told = Pick<ClientConsentRow, 'authorizationUid' | 'agreed' | 'historyStart' | 'ends' | 'scope'> & {
  ended: Date | null
}

/** What a client may have of one customer, as ESPI's Authorization. isRunning: false once it has ended, whoever ended it. */
export function authorizationEntry(deps: CustodianDeps, consent: Told, isRunning: boolean): WrittenEntry {
  const { authorizationUid, agreed, historyStart, ends, ended, scope } = consent
  const base = resourceBase(deps)
  const until = momentOf(ends)
  const resourceURI = `${base}/Batch/Subscription/${authorizationUid}`
  const customerResourceURI = `${base}/Batch/RetailCustomer/${authorizationUid}`
  const value = {
    ...blank('Authorization'),
    authorizedPeriod: { start: momentOf(agreed), duration: until - momentOf(agreed) },
    publishedPeriod: { start: momentOf(historyStart), duration: until - momentOf(historyStart) },
    status: isRunning ? ACTIVE : REVOKED,
    expires_at: until,
    grant_type: 'authorization_code',
    scope,
    token_type: 'Bearer',
    resourceURI,
    authorizationURI: `${base}/Authorization/${authorizationUid}`,
    customerResourceURI,
  }
  const about = { title: 'Authorization', published: momentOf(agreed), updated: momentOf(ended ?? agreed) }
  const place = { parent: base, id: authorizationUid, sees: [resourceURI, customerResourceURI] }
  return entryBelow(place, { kind: 'Authorization', value }, about)
}

/** espi.xsd: in production, live, and read by a program on the web. */
const PRODUCTION = '2'
const LIVE = '3'
const WEB = '1'

/** What a client is registered with. Secrets are never told again. */
export function applicationEntry(deps: CustodianDeps, client: ClientRow): WrittenEntry {
  const { publicUrl } = deps.config
  const base = resourceBase(deps)
  const address = `${base}/ApplicationInformation/${client.clientUid}`
  const value = {
    ...blank('ApplicationInformation'),
    dataCustodianId: client.companyUid,
    dataCustodianApplicationStatus: PRODUCTION,
    thirdPartyApplicationStatus: LIVE,
    thirdPartyApplicationType: WEB,
    authorizationServerUri: publicUrl,
    thirdPartyNotifyUri: client.notifyUri ?? client.redirectUris[0] ?? publicUrl,
    authorizationServerAuthorizationEndpoint: `${publicUrl}/DataCustodian/oauth/authorize`,
    authorizationServerTokenEndpoint: `${publicUrl}/DataCustodian/oauth/token`,
    dataCustodianBulkRequestURI: `${base}/Batch/Bulk/${client.clientUid}`,
    dataCustodianResourceEndpoint: base,
    client_name: client.name,
    redirect_uri: client.redirectUris,
    client_id: client.clientId,
    software_id: client.clientId,
    software_version: '1',
    client_id_issued_at: momentOf(client.created),
    client_secret_expires_at: 0,
    token_endpoint_auth_method: 'client_secret_basic',
    scope: ['FB=1_3_4_5_15_16_51'],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    registration_client_uri: address,
  }
  const about = { title: 'Application', published: momentOf(client.created), updated: momentOf(client.updated) }
  return entryBelow({ parent: base, id: client.clientUid }, { kind: 'ApplicationInformation', value }, about)
}
