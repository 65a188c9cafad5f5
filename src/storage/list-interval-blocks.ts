import { sql } from 'kysely'

import type { Channel } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { prepared } from './prepared.ts'
import { type Columns, decodeBlock } from './series-block.ts'
import { BLOCK, CHANNEL, channelOf, type ChannelRow } from './series-channel.ts'

/** The readings of one channel in one month of a meter. sources: the raw feeds they came from, ascending. */
export type MonthBlock = { channel: Channel; columns: Columns; sources: Uid[] }

/** From the first to the last reading that a channel of a meter ever had, epoch seconds. */
export type ChannelReach = { channel: string; starts: number; ends: number }

type Month = { authorizationUid: Uid; meterUid: Uid; month: number }

/** All blocks of some months, in one statement; a list for each month, in order. Runs under row-level security. */
export async function listIntervalBlocks(tx: Tx, months: readonly Month[]): Promise<MonthBlock[][]> {
  const { rows } = await OF_MONTHS(tx, [
    months.map(({ authorizationUid }) => authorizationUid),
    months.map(({ meterUid }) => meterUid),
    months.map(({ month }) => month),
  ])
  const lists: MonthBlock[][] = months.map(() => [])
  for (const { place, block, sources, ...row } of rows)
    lists[place - 1]?.push({ channel: channelOf(row), columns: decodeBlock(block), sources })
  return lists
}

type BlockRow = ChannelRow & { place: number; block: Buffer; sources: Uid[] }

const OF_MONTHS = prepared(
  sql<BlockRow>`
  select w.place::int as place, ${CHANNEL}, ${BLOCK} as block, b.sources
    from unnest($1::bigint[], $2::bigint[], $3::int[]) with ordinality as w (authorization_uid, meter_uid, month, place)
    join series_blocks b on b.authorization_uid = w.authorization_uid and b.meter_uid = w.meter_uid and b.month = w.month
   order by w.place, b.channel`,
  { isLong: true },
)

/** How far each channel of some meters reaches, by meter uid. */
export async function listChannelReaches(
  tx: Tx,
  meters: readonly { authorizationUid: Uid; meterUid: Uid }[],
): Promise<Map<Uid, ChannelReach[]>> {
  const { rows } = await sql<{ meterUid: Uid; channel: string; starts: string; ends: string }>`
    select b.meter_uid as "meterUid", b.channel, min(b.starts) as starts, max(b.ends) as ends
      from series_blocks b
     where b.authorization_uid = any(${[...new Set(meters.map((meter) => meter.authorizationUid))]}::bigint[])
       and b.meter_uid = any(${meters.map((meter) => meter.meterUid)}::bigint[])
     group by b.authorization_uid, b.meter_uid, b.channel`.execute(tx)
  const reaches = new Map<Uid, ChannelReach[]>()
  for (const { meterUid, channel, starts, ends } of rows) {
    const reach = { channel, starts: Number(starts), ends: Number(ends) }
    reaches.set(meterUid, [...(reaches.get(meterUid) ?? []), reach])
  }
  return reaches
}
