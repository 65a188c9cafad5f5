import { serviceClassOf } from '../../model/meter.ts'
import type { ListedMeter } from '../../storage/list-meter-page.ts'
import { csvText } from './csv-cell.ts'
import { csvLine } from './csv-table.ts'
import { localTimes, platformTime } from './times.ts'

const COLUMNS =
  'meter_uid,authorization_uid,utility,utility_service_id,utility_billing_account,utility_billing_contact,' +
  'utility_billing_address,utility_service_address,utility_meter_number,utility_tariff_name,utility_service_class,status,' +
  'is_activated,is_archived,bill_count,bills_start,bills_end,interval_count,intervals_start,intervals_end,created'

/** The first line. The incumbent's columns of this file are not known; names are those of its other files. */
export function meterCsvHead(): string {
  return `${COLUMNS}\r\n`
}

/** One meter as a line; moments of data are local with their offset. */
export function renderMeterCsv(meter: ListedMeter, zone: string): string {
  const { facts } = meter
  const local = localTimes(zone)
  const reach = (coverage: [number, number][]): string[] => {
    const [from, until] = [coverage[0]?.[0], coverage.at(-1)?.[1]]
    return [from, until].map((moment) => (moment === undefined ? '' : local(moment)))
  }
  return csvLine([
    meter.meterUid,
    meter.authorizationUid,
    csvText(meter.utility),
    csvText(facts.serviceIdentifier),
    csvText(facts.billingAccount),
    csvText(facts.billingContact),
    csvText(facts.billingAddress),
    csvText(facts.serviceAddress),
    csvText(facts.meterNumbers.join(' ')),
    csvText(facts.serviceTariff),
    csvText(serviceClassOf(facts)),
    meter.status,
    String(meter.isActivated),
    String(meter.isArchived),
    String(meter.billCount),
    ...reach(meter.billCoverage),
    String(meter.intervalCount),
    ...reach(meter.intervalCoverage),
    platformTime(meter.created),
  ])
}
