import type { DataClass } from '../model/authorization-states.ts'
import type { Commodity } from '../model/series.ts'

/**
 * The one page to read to add a utility: everything that differs between data custodians, as data.
 * Every dimension has been seen at a real utility; what a utility has not made public is a field with the ESPI default,
 * so that finding it out during registration is an edit of data. Sources: README.md beside each definition.
 */
export type Utility = {
  /** The id that programs see (`PG&E`), and the one in addresses (`pge`). */
  id: string
  slug: string
  name: string
  /** IANA zone; the zone rules inside feeds are never trusted. */
  timezone: string
  currency: string
  commodities: readonly Commodity[]
  /** Which products its interface delivers. No utility's interface delivers bill PDFs. */
  products: Record<DataClass, boolean> & { billPdfs: false }
  /** Days between usage and its publication, as the utility states or as measured. */
  dataLagDays: number
  /** Addresses by environment; a registration can override single ones (that is how simulators are reached). */
  environments: Record<string, Addresses>
  oauth: OAuth
  espi: Espi
  notifications: Notifications
  revocation: Revocation
  quota: Quota
  /** Texts that stand near the beginning of its files, by which an imported file tells who wrote it; none: only by name. */
  fileMarks: readonly string[]
  /** Names of the repairs (repairs.ts beside the definition) in the order in which they run. */
  repairs: readonly string[]
}

export type Addresses = {
  authorizationEndpoint: string
  tokenEndpoint: string
  resourceBase: string
  /** Where a customer sees and ends shares at the utility itself; shown on the receipt. */
  customerPortal: string | null
}

export type OAuth = {
  /** Who may start: the third party, the custodian's portal (parameters as sent by it), or both. */
  starts: readonly ('third-party' | 'custodian')[]
  custodianStart: { scopeParameter: string; custodianParameter: string; custodianId: string } | null
  clientAuthentication: 'basic' | 'basic-unencoded' | 'form'
  parameterPlace: 'form' | 'query'
  /** Field of the client_credentials answer that holds the token. */
  clientTokenField: 'access_token' | 'client_access_token'
  clientTokenScope: string | null
  /** What the authorize request asks: nothing, end dates only, a fixed scope, or a scope with our reach and end. */
  requestScope:
    | { kind: 'none' }
    | { kind: 'dates' }
    | { kind: 'fixed'; scope: string }
    | { kind: 'espi'; functionBlocks: readonly number[] }
  pkce: boolean
  /** Expected `iss` of the authorization response; null: the utility sends none. */
  issuer: string | null
  /** Names under which the code may come back; first match counts. */
  codeParameters: readonly string[]
  refreshRotates: boolean
  refreshScope: 'none' | 'same'
  accessTokenSeconds: number
  refreshTokenDays: number
  mutualTls: 'none' | 'public-ca' | 'private-ca'
}

export type Espi = {
  /** How usage is had: one request a usage point and window, one a window, or files named in notifications. */
  delivery: 'usage-point-windows' | 'subscription-windows' | 'bulk-files'
  /** Paths below resourceBase; {s} subscription, {u} usage point, {r} retail customer, {b} bulk id, {f} file. */
  paths: {
    status: string
    authorization: string
    usagePoints: string | null
    usage: string
    summaries: string | null
    customer: string | null
    bulk: string | null
    bulkFile: string | null
  }
  /** Which token opens metadata (Authorization, status). */
  metadataToken: 'client' | 'access'
  dateFormat: 'zulu' | 'epoch' | 'date'
  windowDays: number
  endInclusive: boolean
  historyDays: number
  /** Days re-read at each refresh, since late and corrected readings arrive behind the newest. */
  refreshDays: number
  billPeriod: 'local-midnight' | 'utc-midnight'
  /** Kinds of bulk files by the tag in their name, best precedence last. */
  fileKinds: readonly { tag: string; product: 'customer' | 'usage' | 'unbilled' }[]
  fileNamePattern: string | null
  fileRetentionDays: number
  /** Where the customer's key in file links comes from. */
  fileCustomer: 'customerResourceURI' | 'resourceURI' | null
}

export type Notifications = {
  expected: boolean
  /** The utility presents a client certificate when it notifies; null: not checked. */
  clientCertificate: boolean | null
  pingByGet: boolean
}

export type Revocation = {
  /** How the utility is told that we end a share. */
  tell: { method: 'DELETE'; token: 'client' | 'access' } | null
  /** Statuses that mean the utility has it. */
  accepted: readonly number[]
}

export type Quota = {
  perSecond: number | null
  perHour: number | null
  perDay: number | null
  /** Local time at which the day's count starts anew. */
  dayStarts: { hour: number; timezone: string } | null
}
