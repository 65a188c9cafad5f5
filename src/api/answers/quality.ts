import { z } from 'zod'

import { channelFields } from './channel.ts'
import { count, localTime, numberOrNull, text, uid } from './fields.ts'

const share = z.number().min(0).max(1)

const channel = z.strictObject({
  ...channelFields,
  start: localTime,
  end: localTime,
  readings: count,
  covered_share: share.meta({ description: 'Of the time from the first to the last reading.' }),
  gap_count: count,
  gaps: z.array(z.strictObject({ start: localTime, end: localTime })).meta({ description: 'The first 100.' }),
  estimated_share: share.meta({ description: 'Of the readings.' }),
  qualities: z.record(text, count).meta({ description: 'Readings by quality.' }),
  clock_changes: z
    .array(z.strictObject({ date: text, hours: z.number(), covered_hours: z.number(), is_complete: z.boolean() }))
    .meta({ description: 'Days of 23 and 25 hours.' }),
})

const bill = z.strictObject({
  bill_uid: uid,
  start: localTime,
  end: localTime,
  unit: text.nullable(),
  bill_volume: numberOrNull,
  interval_volume: numberOrNull.meta({
    description: "Delivered in the bill's period; null: no readings of the bill's unit.",
  }),
  difference: numberOrNull.meta({ description: 'interval_volume less bill_volume.' }),
  covered_share: share.nullable().meta({ description: "Of the bill's period, by these readings." }),
  bill_total: numberOrNull,
  line_items_total: numberOrNull,
  line_items_add_up: z.boolean().nullable(),
})

/** MeterQuality: how far a meter's data can be relied on. */
export const meterQuality = z
  .strictObject({
    meter_uid: uid,
    authorization_uid: uid,
    utility: text,
    timezone: text,
    channels: z.array(channel),
    bills: z.array(bill).meta({ description: 'Of the newest 100 bills.' }),
  })
  .meta({ id: 'MeterQuality' })
