import { sql } from 'kysely'

import { type Channel, channelKey } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import type { Month } from '../units/local-days.ts'
import type { Tx } from './db.ts'
import { decodeLineage } from './lineage.ts'
import { type Columns, decodeBlock } from './series-block.ts'
import { BLOCK, CHANNEL, channelOf, type ChannelRow } from './series-channel.ts'

/** The readings of one channel in one month, and the raw feed that each came from. */
export type TracedBlock = { channel: Channel; columns: Columns; source: Float64Array }

type Place = { authorizationUid: Uid; meterUid: Uid }
type Months = { sinceMonth: Month; untilMonth: Month }

/** All blocks of a meter in some months, by channel and month. Runs under row-level security. */
export async function listMeterBlocks(
  tx: Tx,
  { authorizationUid, meterUid }: Place,
  { sinceMonth, untilMonth }: Months,
): Promise<TracedBlock[]> {
  const { rows } = await sql<ChannelRow & { block: Buffer; lineage: Buffer; sources: Uid[] }>`
    select ${CHANNEL}, ${BLOCK} as block, b.lineage, b.sources from series_blocks b
     where b.authorization_uid = ${authorizationUid} and b.meter_uid = ${meterUid}
       and b.month >= ${sinceMonth} and b.month < ${untilMonth}
     order by b.channel, b.month`.execute(tx)
  return rows.map(({ block, lineage, sources, ...row }) => {
    const columns = decodeBlock(block)
    const source = decodeLineage(sources.map(Number), lineage, columns.start.length)
    return { channel: channelOf(row), columns, source }
  })
}

/** The channels of a meter by their keys. Runs under row-level security. */
export async function listMeterChannels(
  tx: Tx,
  { authorizationUid, meterUid }: Place,
): Promise<ReadonlyMap<string, Channel>> {
  const { rows } = await sql<ChannelRow>`
    select ${CHANNEL} from (select distinct channel from series_blocks
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}) b`.execute(tx)
  return new Map(rows.map(channelOf).map((channel) => [channelKey(channel), channel]))
}
