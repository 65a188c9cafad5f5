import { z } from 'zod'

import { count, localTime, nextPage, note, numberOrNull, source, text, textOrNull, time, uid } from './fields.ts'

const datapoint = z.strictObject({
  type: z.enum(['net', 'forward', 'reverse']),
  unit: textOrNull,
  value: z.number(),
  meter_number: text.optional(),
})

const reading = z.strictObject({
  start: localTime,
  end: localTime,
  kwh: numberOrNull.meta({ deprecated: true }),
  datapoints: z.array(datapoint),
})

const columns = z
  .strictObject({
    unit: textOrNull,
    part: textOrNull.meta({ description: 'The number of the physical meter, where there are several.' }),
    exponent: z.int().meta({ description: 'Values are whole numbers of ten to this power of the unit.' }),
    starts: z
      .array(z.tuple([z.int(), z.int(), count]))
      .meta({ description: 'Runs of [first start, step, how many]; seconds since 1970, ascending.' }),
    durations: z.array(z.tuple([z.int(), count])).meta({ description: 'Runs of [seconds, how many].' }),
    values: z.array(numberOrNull),
  })
  .meta({ id: 'Columns' })

/** Interval: the readings of one meter in one month. Either `readings` or `columns` is there. */
const interval = z
  .strictObject({
    uid,
    meter_uid: uid,
    authorization_uid: uid,
    created: time,
    updated: time,
    notes: z.array(note),
    utility: text,
    blocks: z.array(text),
    base: z.strictObject({
      service_identifier: textOrNull,
      service_tariff: textOrNull,
      service_address: textOrNull,
      meter_numbers: z.array(text),
      qualities: z.array(text),
    }),
    sources: z.array(source),
    readings: z.array(reading).optional(),
    columns: z.array(columns).optional(),
  })
  .meta({ id: 'Interval' })

export const intervalListing = z.strictObject({
  intervals: z.array(interval),
  next: nextPage,
  is_incomplete: z.boolean().meta({ description: 'More is still being collected.' }),
})
