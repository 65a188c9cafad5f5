import type { Kind } from './rules.ts'

const UID = '104858649578'
const THEN = '2026-11-26T12:00:00.000000+00:00'
const MIDNIGHT = '2026-11-01T00:00:00.000000-07:00'
const note = { type: 'access_valid', msg: 'Well.', ts: THEN }
const source = { type: 'greenbutton_cmd', raw_url: 'https://proxy.example/api/v2/files/raw_feed/1/2' }
const base = {
  ...{ service_identifier: '1-2', service_tariff: null, service_class: 'electric', service_address: null },
  ...{ meter_numbers: ['7'], billing_contact: null, billing_address: null, billing_account: null },
}
const lineItem = {
  ...{ name: 'Tax', start: MIDNIGHT, end: MIDNIGHT, cost: 1.25 },
  ...{ volume: null, rate: null, unit: null, kind: 'delivery' },
}
const supplier = {
  ...{ supplier_type: 'cca', supplier_name: 'Clean', supplier_service_id: null, supplier_tariff: null },
  ...{ supplier_total_cost: 1, supplier_total_volume: null, supplier_total_unit: null },
  supplier_line_items: [lineItem],
}
const owner = { user_email: 'ann@company.example', user_uid: UID }
const state = { status: 'updated', status_message: 'Done.', status_ts: THEN, notes: [note], utility: 'PG&E' }
const own = { uid: UID, meter_uid: UID, authorization_uid: UID, created: THEN, updated: THEN, utility: 'PG&E' }
const files = { exports: {}, exports_list: [{ name: 'meters_csv', link: 'https://proxy.example/api/v2/files/x' }] }
const event = { uid: UID, type: 'ping', ts: THEN, delivery_method: 'webhook', delivery_target: '', is_delivered: false }

/** One document of each kind that no client stumbles over, made by hand. */
export const SAMPLES: Readonly<Record<Kind, Record<string, unknown>>> = {
  body: { events: [event], next: null },
  listing: { events: [event], next: 'https://proxy.example/api/v2/events?after=1' },
  error: { error: 'not_found', error_description: 'Resource not found', url: null },
  action: { success: true, meters: [UID] },
  template: {
    ...{
      uid: UID,
      created: THEN,
      updated: THEN,
      ...owner,
      disabled: false,
      portal: 'acme',
      base_url: 'https://x.example/a',
    },
    ...{ redirect_uris: [], company_logo: '', company_name: 'Acme', company_email: 'a@acme.example' },
  },
  form: {
    ...{ uid: UID, created: THEN, updated: THEN, template_uid: UID, authorization_uid: null, is_archived: false },
    ...{ disabled: false, ...owner, url: 'https://x.example/a?f=1', customer_email: '', utility: '', scope: {} },
  },
  authorization: {
    ...{ uid: UID, created: THEN, customer_email: 'c@customer.example', form_uid: null, template_uid: UID, ...owner },
    customer_signature: { type: 'greenbutton', ts: THEN, full_name: 'Carla' },
    ...{ declined: null, is_declined: false, expires: THEN, is_expired: false, revoked: null, is_revoked: false },
    ...{ is_archived: false, is_test: false, scope: { expires: '3y' }, user_status: 'active', ...state, ...files },
  },
  meter: {
    ...{ uid: UID, authorization_uid: UID, created: THEN, ...owner, ...state, ...files },
    ...{ is_archived: false, is_activated: true, is_expanded: true },
    ongoing_monitoring: {
      ...{ frequency: 'off', prepay: null, next_prepay: null, next_refresh: null, fixed_refresh_day: null },
    },
    ...{ bill_count: 1, bill_coverage: [[MIDNIGHT, MIDNIGHT]], bill_sources: ['xml'] },
    ...{ interval_count: 0, interval_coverage: [], interval_sources: [], blocks: ['base'], base },
  },
  bill: {
    ...{ ...own, notes: [], blocks: ['base'], sources: [source], line_items: [lineItem], suppliers: [supplier] },
    base: {
      ...{ ...base, bill_start_date: MIDNIGHT, bill_end_date: MIDNIGHT, bill_statement_date: null },
      ...{ bill_total_cost: 1.25, bill_total_volume: null, bill_total_unit: null, bill_total_kwh: null },
    },
    ...{ tiers: [], tou: [], demand: [], power: [], programs: [] },
  },
  interval: {
    ...{ ...own, notes: [], blocks: ['base'], sources: [source] },
    base: { service_identifier: null, service_tariff: null, service_address: null, meter_numbers: [], qualities: [] },
    readings: [{ start: MIDNIGHT, end: MIDNIGHT, kwh: 1, datapoints: [{ type: 'net', unit: 'kwh', value: 1 }] }],
  },
  billing_account: {
    ...{
      uid: UID,
      authorization_uid: UID,
      meter_uids: [UID],
      notes: [],
      statement_dates: [MIDNIGHT],
      blocks: ['base'],
    },
    ...{ base: { billing_contact: null, billing_address: null, billing_account: '7' }, sources: [source] },
  },
  billing_summary: {
    ...{ uid: UID, billing_account_uid: UID, authorization_uid: UID, meter_uids: [], notes: [], blocks: ['base'] },
    base: {
      ...{ amount_due: null, amount_due_date: null, new_balance_amount: null, new_charges_amount: 1.25 },
      ...{ previous_balance_amount: null, previous_balance_unpaid: null, previous_payment_amount: null },
      statement_date: MIDNIGHT,
    },
    ...{ new_charges: [{ name: 'Tax', cost: 1.25 }], sources: [source] },
  },
  event,
}
