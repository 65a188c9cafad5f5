/**
 * Every behaviour of the real utilities that is unknown or varies, with the default the simulators use.
 * `PUT /_admin/settings` changes any of them while running.
 */
export type Settings = {
  /** A refresh answers another refresh token and the old one dies. */
  refreshRotation: boolean
  accessTokenSeconds: number
  /** expires_in as text, as one table of PG&E's guide has it. */
  expiresInText: boolean
  refreshTokenSeconds: number
  codeSeconds: number
  /** PG&E: the scope on the redirect is sent raw, with `=` and `;` as they are, or percent-encoded. */
  redirectScope: 'raw' | 'encoded'
  /** PG&E: customerResourceURI in the token answer. */
  customerResourceUri: boolean
  /** PG&E: milliseconds in the periods of Authorization, as in 2015; otherwise seconds. */
  periodsInMilliseconds: boolean
  /** PG&E: ids of usage summaries in links with thousands separators, as in 2015. */
  summaryThousands: boolean
  /** PG&E: ProgramIdMappings outside an entry, directly under the feed. */
  mappingsOutsideEntry: boolean
  /** PG&E: the meter in the id of a MeterReading, as since 2024. */
  meterInReadingIds: boolean
  /** PG&E: utcNumber of the meter in the customer data, as since 2023. */
  utcNumber: boolean
  /** PG&E: shape of the customer data. */
  customerStyle: '2016' | '2019'
  /** PG&E: success status of DELETE Authorization. */
  deleteStatus: 200 | 204
  /** PG&E: dates that a window may be given in. */
  windowDates: 'both' | 'zulu' | 'epoch'
  /** PG&E: body of a 202. */
  acceptedBody: string
  /** PG&E: an answer without data is 204, or 200 with an empty body as before 2023. */
  emptyStatus: 204 | 200
  /** PG&E: how far a new authorization reaches back, in seconds; HistoryLength of its scope. */
  historyLength: number
  /** PG&E: the end of an authorization that a new one replaces is announced. */
  announceReplaced: boolean
  /** A customer who moves goes on sharing at the new address. */
  moveKeepsSharing: boolean
  /** Data of local day D are published at the midnight that begins D plus so many; null: 2 for PG&E, 1 for the others. */
  publishAfterDays: number | null
  /** Origin in all links, in place of where the API listens. */
  linkOrigin: string | null
  /** Daily push of packaged data, to the first third party. */
  dailyPush: boolean
  /** Wait before the first try of a notification. */
  notifyDelayMs: number
  /** Waits before the following tries after an answer that is not 2xx. */
  notifyRetryMs: number[]
  /** Days that a delivery (correlation id or file) stays available, and the answer afterwards. */
  retentionDays: number
  goneStatus: 404 | 204
  /** Answer to a token whose authorization has ended. */
  revokedStatus: 401 | 403
  /**
   * Quota; null is off. Violations are counted in any case. The day turns at 17:00 Pacific. secondPerVendor: all client ids
   * share the second, as at PG&E; without it each has its own.
   */
  quota: { perSecond: number; perHour: number; perDay: number; secondPerVendor?: boolean | undefined } | null
  /** Answer to a request over the quota. */
  limitStatus: 429 | 503
  limitBody: string
  /** SCE: tag of the file of unbilled intervals. */
  unbilledTag: string
  /** SCE: minutes of verification before data flow. */
  verificationMinutes: number
  /** SCE: files are announced under this address instead of https ones, to be reported as unsupported. */
  sftpAddress: string | null
  /** SCE: where its OAuth is; nothing of it is public. */
  authorizePath: string
  tokenPath: string
  /** SCE: DataCustodianID on the redirect from its portal, and how many scopes it offers there. */
  dataCustodianId: string
  portalScopes: number
  /** SCE: a client certificate is wanted. */
  needsCertificate: boolean
}

export const defaultSettings: Settings = {
  refreshRotation: true,
  accessTokenSeconds: 3600,
  expiresInText: false,
  refreshTokenSeconds: 365 * 86_400,
  codeSeconds: 600,
  redirectScope: 'raw',
  customerResourceUri: false,
  periodsInMilliseconds: true,
  summaryThousands: true,
  mappingsOutsideEntry: false,
  meterInReadingIds: false,
  utcNumber: false,
  customerStyle: '2019',
  deleteStatus: 200,
  windowDates: 'both',
  acceptedBody: '',
  emptyStatus: 204,
  historyLength: 126_144_000,
  announceReplaced: false,
  moveKeepsSharing: true,
  publishAfterDays: null,
  linkOrigin: null,
  dailyPush: true,
  notifyDelayMs: 40,
  notifyRetryMs: [200, 800, 2500],
  retentionDays: 5,
  goneStatus: 404,
  revokedStatus: 403,
  quota: null,
  limitStatus: 429,
  limitBody: 'API calls quota exceeded',
  unbilledTag: 'UNBQ',
  verificationMinutes: 0,
  sftpAddress: null,
  authorizePath: '/DataCustodian/oauth/authorize',
  tokenPath: '/DataCustodian/oauth/token',
  dataCustodianId: 'SCE',
  portalScopes: 1,
  needsCertificate: false,
}
