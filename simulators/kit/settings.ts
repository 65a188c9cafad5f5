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
  /** Daily push of packaged data. */
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
  /** Quota; null is off. Violations are counted in any case. */
  quota: { perSecond: number; perHour: number; perDay: number } | null
  /** SCE: tag of the file of unbilled intervals. */
  unbilledTag: string
  /** SCE: minutes of verification before data flow. */
  verificationMinutes: number
  /** SCE: files are announced under this address instead of https ones, to be reported as unsupported. */
  sftpAddress: string | null
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
  dailyPush: true,
  notifyDelayMs: 40,
  notifyRetryMs: [200, 800, 2500],
  retentionDays: 5,
  goneStatus: 404,
  revokedStatus: 403,
  quota: null,
  unbilledTag: 'UNBQ',
  verificationMinutes: 0,
  sftpAddress: null,
}
