import { z } from 'zod'

import { channelFields } from './channel.ts'
import { count, localTime, text, uid } from './fields.ts'

const period = z.strictObject({ start: localTime, end: localTime, readings: count, total: z.number() })

/** MeterSums: what each channel of a meter counted, by days or months of the utility's calendar. */
const meterSums = z
  .strictObject({
    meter_uid: uid,
    authorization_uid: uid,
    utility: text,
    timezone: text,
    channels: z.array(z.strictObject({ ...channelFields, periods: z.array(period) })),
  })
  .meta({ id: 'MeterSums' })

export const sumsAnswer = z.strictObject({ sums: z.array(meterSums), by: z.enum(['day', 'month']) })
