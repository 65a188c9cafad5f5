import { sql } from 'kysely'

import { type Channel, channelKey, type Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import type { Span } from './coverage.ts'
import type { Tx } from './db.ts'
import { joinColumns } from './join-columns.ts'
import { positionOf, sliceColumns } from './merge-columns.ts'
import { mergeManySeries, type MergeOptions, type SeriesMerge } from './merge-many-series.ts'
import { type Columns, decodeBlock } from './series-block.ts'
import { BLOCK, CHANNEL, channelOf, type ChannelRow } from './series-channel.ts'

export { gapsOf } from './coverage.ts'

/** mergeManySeries of one channel of one meter. */
export async function mergeSeries(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  series: Series,
  options: MergeOptions,
): Promise<SeriesMerge> {
  const [merged] = await mergeManySeries(tx, authorizationUid, [{ meterUid, series }], options)
  return merged ?? { added: 0, changed: 0, outside: 0 }
}

/** One stored month of one channel. */
export type StoredBlock = {
  channel: Channel
  month: number
  columns: Columns
  spans: Span[]
  version: number
  sources: Uid[]
  created: Date
  updated: Date
}

/**
 * The blocks of a meter that reach into a period (epoch seconds, `to` exclusive), by channel and month, uncut. sinceMonth
 * and untilMonth (exclusive) choose by calendar month instead.
 */
export async function readBlocks(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { from = MIN, to = MAX, sinceMonth = -(2 ** 31), untilMonth = 2 ** 31 - 1 }: Period & Months = {},
): Promise<StoredBlock[]> {
  const { rows } = await sql<Row>`
    select ${CHANNEL}, month, ${BLOCK} as block, spans, version, sources, created, updated from series_blocks b
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}
       and starts < ${to} and ends > ${from} and month >= ${sinceMonth} and month < ${untilMonth}
     order by channel, month`.execute(tx)
  return rows.map(({ commodity, direction, quantified, unit, part, block, spans, ...row }) => ({
    ...row,
    channel: channelOf({ commodity, direction, quantified, unit, part }),
    columns: decodeBlock(block),
    spans: pairsOf(spans),
  }))
}

type Period = { from?: number; to?: number }
type Months = { sinceMonth?: number; untilMonth?: number }
type Row = Omit<StoredBlock, 'channel' | 'columns' | 'spans'> & ChannelRow & { block: Buffer; spans: string[] }

const MIN = Number.MIN_SAFE_INTEGER
const MAX = Number.MAX_SAFE_INTEGER

/** The readings of a meter that start in a period (`to` exclusive): one series a channel, in the order of channel keys. */
export async function readSeries(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { from = MIN, to = MAX }: Period = {},
): Promise<Series[]> {
  const blocks = await readBlocks(tx, authorizationUid, meterUid, { from, to })
  const { rows } = await sql<{ usagePoint: string }>`
    select usage_point as "usagePoint" from meters
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}`.execute(tx)
  const usagePoint = rows[0]?.usagePoint ?? ''
  const channels = Map.groupBy(blocks, ({ channel }) => channelKey(channel)).values()
  return [...channels].flatMap((months) => {
    const [first] = months
    if (!first) return []
    const columns = joinColumns(months.map((month) => month.columns))
    const cut = sliceColumns(columns, positionOf(columns.start, from), positionOf(columns.start, to))
    return cut.start.length === 0 ? [] : [{ usagePoint, channel: first.channel, ...cut }]
  })
}

/** start, end, start, end, … as pairs. */
function pairsOf(flat: readonly string[]): Span[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [Number(flat[2 * at]), Number(flat[2 * at + 1])])
}
