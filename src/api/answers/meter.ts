import { z } from 'zod'

import { count, coverage, exportsList, exportsOf, note, text, textOrNull, time, uid } from './fields.ts'

/** The eight keys of a meter's base block; clients demand each, and no other. */
export const baseFields = {
  service_identifier: textOrNull,
  service_tariff: textOrNull,
  service_class: textOrNull,
  service_address: textOrNull,
  meter_numbers: z.array(text),
  billing_contact: textOrNull,
  billing_address: textOrNull,
  billing_account: textOrNull,
}

export const program = z.strictObject({ code: textOrNull, date_type: textOrNull, name: textOrNull })

const supplier = z.strictObject({
  supplier_type: text,
  supplier_name: textOrNull,
  supplier_service_id: textOrNull,
  supplier_tariff: textOrNull,
})

/** Meter: one service agreement at a utility. The last four blocks are there with `include=blocks` only. */
export const meter = z
  .strictObject({
    uid,
    authorization_uid: uid,
    created: time,
    user_email: text,
    user_uid: uid,
    is_archived: z.boolean(),
    is_activated: z.boolean(),
    is_expanded: z.boolean(),
    notes: z.array(note),
    status: text,
    status_message: text,
    status_ts: time,
    ongoing_monitoring: z.strictObject({
      frequency: z.enum(['off', 'daily', 'weekly', 'monthly']),
      prepay: z.null(),
      next_prepay: z.null(),
      next_refresh: time.nullable(),
      fixed_refresh_day: z.int().nullable(),
    }),
    utility: text,
    bill_count: count,
    bill_coverage: coverage,
    bill_sources: z.array(text),
    interval_count: count,
    interval_coverage: coverage,
    interval_sources: z.array(text),
    exports: exportsOf('bills_csv', 'intervals_csv', 'intervals_xml'),
    exports_list: exportsList,
    blocks: z.array(text),
    base: z.strictObject(baseFields),
    electric_details: z.strictObject({ voltage: text }).optional(),
    programs: z.array(program).optional(),
    suppliers: z.array(supplier).optional(),
    other_devices: z.array(z.strictObject({ name: textOrNull, serial_number: textOrNull })).optional(),
  })
  .meta({ id: 'Meter' })
