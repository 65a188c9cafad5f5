import { z } from 'zod'

import { localTime, note, numberOrNull, source, text, textOrNull, time, uid } from './fields.ts'
import { baseFields, program } from './meter.ts'

const lineItem = z.strictObject({
  name: text,
  start: localTime,
  end: localTime,
  cost: z.number(),
  volume: numberOrNull,
  rate: numberOrNull,
  unit: textOrNull,
  kind: z.enum(['delivery', 'supply', 'other']),
})

const supplier = z.strictObject({
  supplier_type: text,
  supplier_name: text,
  supplier_service_id: textOrNull,
  supplier_tariff: textOrNull,
  supplier_total_cost: numberOrNull,
  supplier_total_volume: numberOrNull,
  supplier_total_unit: textOrNull,
  supplier_line_items: z.array(lineItem),
})

const measure = { cost: numberOrNull, volume: numberOrNull, unit: textOrNull }

/** Bill: one billing period of one meter. */
export const bill = z
  .strictObject({
    uid,
    meter_uid: uid,
    authorization_uid: uid,
    created: time,
    updated: time,
    utility: text,
    notes: z.array(note),
    blocks: z.array(text),
    base: z.strictObject({
      ...baseFields,
      bill_start_date: localTime,
      bill_end_date: localTime,
      bill_statement_date: localTime.nullable(),
      bill_total_cost: numberOrNull,
      bill_total_volume: numberOrNull,
      bill_total_unit: textOrNull,
      bill_total_kwh: numberOrNull.meta({ deprecated: true }),
    }),
    sources: z.array(source),
    line_items: z.array(lineItem),
    suppliers: z.array(supplier),
    tiers: z.array(z.strictObject({ name: text, level: z.int().nullable(), ...measure })),
    tou: z.array(z.strictObject({ name: text, bucket: text, ...measure })),
    demand: z.array(z.strictObject({ name: text, cost: numberOrNull, demand: numberOrNull })),
    power: z.array(z.unknown()),
    programs: z.array(program),
  })
  .meta({ id: 'Bill' })
