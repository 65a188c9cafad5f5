import type { DataClass } from '../model/authorization-states.ts'
import type { Commodity } from '../model/series.ts'

/**
 * The one page to read to add a utility: everything that differs between data custodians, as data.
 * Every dimension has been seen at a real utility; what a utility has not made public is a field with the ESPI default,
 * so that finding it out during registration is an edit of data. Sources: README.md beside each definition.
 *
 * Handled alike for every utility, so there is no field: `state` is always sent and demanded back, and a start at the
 * custodian only begins a new flow; `expires_in` as number, text or absent; units, multipliers and cost columns as each
 * ReadingType says; ids (of MeterReadings too) are opaque; time zone rules in feeds are ignored; a notification may be a
 * bare BatchList, an Atom feed around one, with blanks, doubled, before the 202 or a GET ping, and is answered 200 before
 * it is judged, so the utility's retries do not matter; the body of a 202 is not read; what comes by SFTP is reported.
 * Not spoken yet: usage that is only had block by block, each IntervalBlock by its own address, and files by SFTP.
 */
export type Utility = {
  /** The id that programs see (`PG&E`), and the one in addresses (`pge`). */
  id: string
  slug: string
  name: string
  /** `profile-only`: never tried against the utility. Offered to no customer unless the operator registers there. */
  support: 'full' | 'profile-only'
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
  tls: Tls
  espi: Espi
  answers: Answers
  notifications: Notifications
  ending: Ending
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
  /** Of token requests. `json`: a JSON object with the names in camelCase. */
  parameterPlace: 'form' | 'query' | 'json'
  /** Field of the client_credentials answer that holds the token. */
  clientTokenField: 'access_token' | 'client_access_token'
  clientTokenScope: string | null
  /**
   * What the authorize request asks: nothing, end dates only, a fixed scope, or function blocks with terms after them.
   * In the values of terms stand {historySeconds}, {historyYears}, {ongoingYears} and {bulkId}; no terms: the bare list.
   */
  requestScope:
    | { kind: 'none' }
    | { kind: 'dates' }
    | { kind: 'fixed'; scope: string }
    | { kind: 'espi'; functionBlocks: readonly number[]; terms: readonly (readonly [name: string, value: string])[] }
  pkce: boolean
  /** Expected `iss` of the authorization response; null: the utility sends none. */
  issuer: string | null
  /** Names under which the code may come back; first match counts. */
  codeParameters: readonly string[]
  /** A refresh brings another refresh token. The newest is kept in any case; `gbp utility check` says when it differs. */
  refreshRotates: boolean
  /** Scope that a refresh has to carry: none, the one the utility granted, or the one we asked for. */
  refreshScope: 'none' | 'granted' | 'asked'
  /** Life of an access token where the answer does not tell a sensible one. */
  accessTokenSeconds: number
  /** Days unused after which a refresh token is dead; it is used in time. */
  refreshTokenDays: number
}

export type Tls = {
  /** Our client certificate: none, presented where the registration has one, or demanded from an authority of that kind. */
  clientCertificate: 'none' | 'optional' | 'public-ca' | 'private-ca'
  /** Names of the authorities that the utility lists; empty: it lists none. */
  authorities: readonly string[]
  /** User-Agent that it lets through; null: our own. */
  userAgent: string | null
}

export type Espi = {
  /**
   * How usage is had: one request a usage point and window, one a window, one request for all whose answer are batches
   * that notifications name, or files of many customers that notifications name.
   */
  delivery: 'usage-point-windows' | 'subscription-windows' | 'notified-batches' | 'bulk-files'
  /** Address of usage requests: rebuilt from `paths.usage`, or the token answer's resourceURI as it is. */
  usageAddress: 'path' | 'resourceURI'
  /** Paths below resourceBase; {s} subscription, {u} usage point, {r} retail customer, {b} bulk id, {a} application. */
  paths: {
    status: string
    /** Sample data of the utility's own tests; null: it has none. */
    sample: string | null
    /** Our own entry in the utility's register; null: not served. */
    application: string | null
    authorization: string
    usagePoints: string | null
    usage: string
    summaries: string | null
    /** null: customer data come with the usage, or in files, or not at all. */
    customer: string | null
    bulk: string | null
    bulkFile: string | null
  }
  /** `same`: subscription, Authorization and RetailCustomer have one id; `apart`: none is concluded from another. */
  ids: 'same' | 'apart'
  /** Which token opens what is not a customer's data. */
  metadataTokens: { status: MetadataToken; application: MetadataToken; authorization: MetadataToken }
  dates: {
    /** What the bounds of a request mean: time of the readings, or time of change. */
    by: 'published' | 'updated'
    /** `published-min` or `publishedMin`. */
    names: 'hyphen' | 'camel'
    format: 'zulu' | 'epoch' | 'date'
    /** Whether the interval that starts on the upper bound is sent; `none`: no upper bound may be sent at all. */
    end: 'exclusive' | 'inclusive' | 'none'
    /** An upper bound in the future is sent, or cut to now since the utility refuses it. */
    futureEnd: 'sent' | 'cut'
  }
  /** Longest span of one request; null: no limit. */
  windowDays: number | null
  historyDays: number
  /** Days re-read at each refresh, since late and corrected readings arrive behind the newest. */
  refreshDays: number
  /** Hours after the grant in which, until the first reading, an empty answer means "not yet"; 0: it means nothing. */
  emptyAtFirstHours: number
  billPeriod: 'local-midnight' | 'utc-midnight'
  /**
   * Kinds of bulk files by the tag in their name, best precedence last. quality: ESPI QualityOfReading of readings that
   * say none themselves and whose type says none; null: unknown.
   */
  fileKinds: readonly { tag: string; product: 'customer' | 'usage' | 'unbilled'; quality: number | null }[]
  fileNamePattern: string | null
  /** Days that a notified file or batch can be fetched. */
  fileRetentionDays: number
  /** Where the customer's key in file links comes from. */
  fileCustomer: 'customerResourceURI' | 'resourceURI' | null
}

export type MetadataToken = 'client' | 'access' | 'registration'

/** What statuses of resources mean. Whatever is not listed is sorted by RFC 9110. */
export type Answers = {
  /** The token is not taken: it is renewed once, then the grant is asked about. */
  tokenRefused: readonly number[]
  /** A limit is used up: by status, and by a text near the start of the body (null: none known). */
  limited: readonly number[]
  limitText: string | null
  /** A notification will follow. */
  promised: readonly number[]
  noData: readonly number[]
  gone: readonly number[]
  /** Text near the start of a 400 or 403 by which a refused client certificate is known; null: none known. */
  certificateText: string | null
}

export type Notifications = {
  /** Seconds until a promised answer that was not notified is asked for again; doubled each time. */
  pollSeconds: number
}

/** How a grant ends. An end at the utility is told by a notification, by the Authorization or by a refused token. */
export type Ending = {
  /** How the utility is told that we end a share. */
  tell: { method: 'DELETE'; token: 'client' | 'access' } | null
  /** Statuses that mean the utility has it. */
  accepted: readonly number[]
  /** A customer who authorizes again gets a new grant, and the utility cancels the earlier one. */
  replacedByNext: boolean
  /** Days unused after which the utility drops an authorization; null: it does not. It is used in time. */
  unusedDays: number | null
}

export type Quota = {
  perSecond: number | null
  /** What the second is counted over: one client id, or all that we have at the utility in one environment. */
  perSecondScope: 'registration' | 'vendor'
  perHour: number | null
  perDay: number | null
  /** Token requests in any minute of the clock. */
  tokensPerMinute: number | null
  /** Local time at which the day's count starts anew. */
  dayStarts: { hour: number; timezone: string } | null
}
