import { type MeterFacts, serviceClassOf } from '../../model/meter.ts'
import type { ListedMeter } from '../../storage/list-meter-page.ts'
import { meterExports } from './exports.ts'
import { meterNotes } from './notes.ts'
import { localTimes, platformTime } from './times.ts'

/**
 * Meter, utilityapi.md 6.5. A client reads every top-level key it does not know as a block with the eight keys of
 * `base`, and refuses the whole meter where one is missing; so there is no other key here, and the further blocks
 * (electric_details where there is a value, programs, suppliers, other_devices) come only `withBlocks` (`include=blocks`).
 */
export function renderMeter(
  meter: ListedMeter,
  { zone, withBlocks, publicUrl }: { zone: string; withBlocks: boolean; publicUrl: string },
): Record<string, unknown> {
  const blocks = renderBlocks(meter.facts, withBlocks)
  const local = localTimes(zone)
  const spans = (coverage: [number, number][]): string[][] => coverage.map((span) => span.map(local))
  return {
    uid: meter.meterUid,
    authorization_uid: meter.authorizationUid,
    created: platformTime(meter.created),
    user_email: meter.userEmail,
    user_uid: meter.memberUid,
    is_archived: meter.isArchived,
    is_activated: meter.isActivated,
    is_expanded: true, // blocks are stored: there is nothing to load at request time
    notes: meterNotes(meter, zone),
    status: meter.status,
    status_message: meter.statusMessage === '' ? (MESSAGES[meter.status] ?? '') : meter.statusMessage,
    status_ts: platformTime(meter.statusTs),
    ongoing_monitoring: renderMonitoring(meter.monitoring),
    utility: meter.utility,
    bill_count: meter.billCount,
    bill_coverage: spans(meter.billCoverage),
    bill_sources: meter.billCount > 0 ? ['xml'] : [],
    interval_count: meter.intervalCount,
    interval_coverage: spans(meter.intervalCoverage),
    interval_sources: meter.intervalCount > 0 ? ['xml'] : [],
    ...meterExports(meter, publicUrl),
    blocks: Object.keys(blocks),
    ...blocks,
  }
}

const MESSAGES: Record<string, string> = {
  pending: 'Waiting for data.',
  updated: 'Data refreshed',
  errored: 'The data could not be collected.',
}

/** The eight keys of `base`, which a client demands and no other: null where the utility does not tell. */
export function renderBase(facts: MeterFacts): Record<string, unknown> {
  return {
    service_identifier: facts.serviceIdentifier,
    service_tariff: facts.serviceTariff,
    service_class: serviceClassOf(facts),
    service_address: facts.serviceAddress,
    meter_numbers: facts.meterNumbers,
    billing_contact: facts.billingContact,
    billing_address: facts.billingAddress,
    billing_account: facts.billingAccount,
  }
}

function renderBlocks(facts: MeterFacts, withBlocks: boolean): Record<string, unknown> {
  return {
    base: renderBase(facts),
    ...(withBlocks
      ? {
          ...(facts.voltage === null ? {} : { electric_details: { voltage: facts.voltage } }),
          programs: facts.programs.map(({ code, date_type, name }) => ({ code, date_type, name })),
          suppliers: facts.suppliers.map(({ supplier_type, supplier_name, supplier_service_id, supplier_tariff }) => ({
            supplier_type,
            supplier_name,
            supplier_service_id,
            supplier_tariff,
          })),
          other_devices: facts.otherDevices.map(({ name, serial_number }) => ({ name, serial_number })),
        }
      : {}),
  }
}

/**
 * Exactly five keys. prepay is always null: a client types it as a time, though the documentation once had a word here.
 */
function renderMonitoring(monitoring: Record<string, unknown>): Record<string, unknown> {
  return {
    frequency: monitoring['frequency'] ?? 'off',
    prepay: null,
    next_prepay: monitoring['next_prepay'] ?? null,
    next_refresh: monitoring['next_refresh'] ?? null,
    fixed_refresh_day: monitoring['fixed_refresh_day'] ?? null,
  }
}
