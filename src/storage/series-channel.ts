import { sql } from 'kysely'

import type { Channel } from '../model/series.ts'

/** All of a block that decodeBlock reads, in a select of series_blocks b. */
export const BLOCK = sql.raw(`coalesce(b.tail, '') || b.block`)

/** What CHANNEL selects. */
export type ChannelRow = Omit<Channel, 'part'> & { part: string | null }

/** The inverse of channelKey, in a select of series_blocks. */
export const CHANNEL = sql.raw(
  `split_part(channel, '/', 1) as commodity, split_part(channel, '/', 2) as direction,
   split_part(channel, '/', 3) as quantified, split_part(channel, '/', 4) as unit,
   substring(channel, '^(?:[^/]*/){4}(.*)$') as part`,
)

/** The channel of such a row. */
export function channelOf({ commodity, direction, quantified, unit, part }: ChannelRow): Channel {
  return { commodity, direction, quantified, unit, ...(part === null ? {} : { part }) }
}
