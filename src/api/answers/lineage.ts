import { z } from 'zod'

import { channelFields } from './channel.ts'
import { count, localTime, text, time, uid } from './fields.ts'

/** LineageRun: readings in a row that came from one raw feed. */
const lineageRun = z
  .strictObject({
    ...channelFields,
    start: localTime,
    end: localTime,
    readings: count,
    source: z.strictObject({
      raw_feed_uid: uid,
      product: text.nullable(),
      fetched: time.nullable(),
      raw_url: z.url().nullable().meta({ description: 'null: the feed is no longer kept.' }),
    }),
  })
  .meta({ id: 'LineageRun' })

export const lineageAnswer = z.strictObject({ meter_uid: uid, authorization_uid: uid, lineage: z.array(lineageRun) })
