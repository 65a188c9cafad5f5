/**
 * What a feed does not say about itself.
 *
 * timezone: the utility's IANA zone; the zone rules inside feeds are not trusted.
 * currency: ISO 4217 code, used where the feed names none.
 * billPeriod: how billing periods are written: from local midnight as a true moment, or from midnight UTC of the local date.
 * defaultQuality: ESPI QualityOfReading of readings that have none and whose type has none.
 */
export type NormalizeOptions = {
  timezone: string
  currency: string
  billPeriod: 'local-midnight' | 'utc-midnight'
  defaultQuality?: number | null
}
