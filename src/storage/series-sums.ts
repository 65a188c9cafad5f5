import { setImmediate as nextTurn } from 'node:timers/promises'

import { sql } from 'kysely'

import type { Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import type { Exact } from '../units/exact.ts'
import { addLocalDays, localDate, type Month } from '../units/local-days.ts'
import type { Tx } from './db.ts'
import { positionOf } from './merge-columns.ts'
import { prepared } from './prepared.ts'
import { BLOCK, CHANNEL, channelOf, type ChannelRow } from './series-channel.ts'
import { type Columns, decodeBlock } from './series-block.ts'

/** What one channel counted in one month, exact, in the channel's unit. channel: model/series.ts channelKey. */
export type MonthSum = { channel: string; month: Month; readings: number; total: Exact }

/** The same of one local day, YYYY-MM-DD. A reading counts whole on the day on which it starts. */
export type DaySum = { channel: string; date: string; readings: number; total: Exact }

type Months = { sinceMonth: Month; untilMonth: Month }

/**
 * The sums of a meter's calendar months (untilMonth exclusive), by channel and month: one statement, no block unpacked, since
 * the sum stands beside the block. Rows from before it did are unpacked.
 */
export async function sumMonths(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { sinceMonth, untilMonth }: Months,
): Promise<MonthSum[]> {
  const { rows } = await OF_MONTHS(tx, [authorizationUid, meterUid, sinceMonth, untilMonth])
  return rows.map(({ channel, month, readings, exponent, total, block }) => {
    if (block === null)
      return { channel, month, readings, total: { digits: BigInt(total ?? 0), exponent: exponent ?? 0 } }
    const columns = decodeBlock(block)
    return { channel, month, readings, total: exactSum(columns, 0, readings) }
  })
}

type MonthRow = {
  channel: string
  month: Month
  readings: number
  exponent: number | null
  total: string | null
  block: Buffer | null
}

const OF_MONTHS = prepared(sql<MonthRow>`
  select channel, month, readings, exponent, total::text, case when total is null then ${BLOCK} end as block
    from series_blocks b
   where authorization_uid = $1 and meter_uid = $2 and month >= $3 and month < $4 and readings > 0
   order by channel, month`)

/**
 * The sums of the local days in a meter's months. Only the blocks of these months are read and unpacked, in 0.02 ms each:
 * sums of days beside the blocks would be 30 numbers more to write for every month and to keep right.
 */
export async function sumDays(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  { sinceMonth, untilMonth, zone }: Months & { zone: string },
): Promise<DaySum[]> {
  const { rows } = await sql<{ channel: string; block: Buffer }>`
    select channel, ${BLOCK} as block from series_blocks b
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}
       and month >= ${sinceMonth} and month < ${untilMonth}
     order by channel, month`.execute(tx)
  return rows.flatMap(({ channel, block }) => splitByDay(decodeBlock(block), zone).map((day) => ({ channel, ...day })))
}

/** Readings of one channel in one block, without what no sum needs. */
export type Summed = Pick<Series, 'channel' | 'exponent' | 'start' | 'duration' | 'value'>

/**
 * What is needed to sum the readings in periods of some meters (epoch seconds, `to` exclusive), by meter, in the order of
 * channels and months: one statement. A block that no period cuts is one reading of all that it covers and counts, and is not
 * unpacked.
 */
export async function readForSums(
  tx: Tx,
  authorizationUid: Uid,
  periods: readonly { meterUid: Uid; from: number; to: number }[],
): Promise<Map<Uid, Summed[]>> {
  const { rows } = await sql<SummedRow>`
    with periods as materialized (
      select * from unnest(${periods.map(({ meterUid }) => meterUid)}::bigint[], ${periods.map(({ from }) => from)}::bigint[],
        ${periods.map(({ to }) => to)}::bigint[]) as p (meter_uid, starts, ends)),
    needed as (
      select b.meter_uid as meter, b.channel as key, b.month as at, bool_or(b.total is null or b.starts < p.starts or b.ends > p.ends) as is_cut
        from periods p join series_blocks b
          on b.meter_uid = p.meter_uid and b.starts < p.ends and b.ends > p.starts and b.readings > 0
       where b.authorization_uid = ${authorizationUid}
       group by b.meter_uid, b.channel, b.month)
    select b.meter_uid as "meterUid", ${CHANNEL}, b.starts, b.exponent, b.total::text, case when n.is_cut then ${BLOCK} end as block,
           (select sum(b.spans[at + 1] - b.spans[at]) from generate_series(1, cardinality(b.spans), 2) at)::int as covered
      from needed n join series_blocks b on b.meter_uid = n.meter and b.channel = n.key and b.month = n.at
     where b.authorization_uid = ${authorizationUid}
     order by b.meter_uid, b.channel, b.month`.execute(tx)
  const byMeter = new Map<Uid, Summed[]>()
  for (const [at, row] of rows.entries()) {
    if (at % BLOCKS_A_TURN === BLOCKS_A_TURN - 1) await nextTurn()
    const blocks = byMeter.get(row.meterUid)
    if (blocks) blocks.push(summedOf(row))
    else byMeter.set(row.meterUid, [summedOf(row)])
  }
  return byMeter
}

/** Unpacked before other work gets its turn: some milliseconds. */
const BLOCKS_A_TURN = 32

type SummedRow = ChannelRow & {
  meterUid: Uid
  starts: string
  exponent: number | null
  total: string | null
  block: Buffer | null
  covered: number
}

function summedOf({ starts, exponent, total, block, covered, ...row }: SummedRow): Summed {
  const channel = channelOf(row)
  if (block !== null) return { channel, ...decodeBlock(block) }
  return {
    channel,
    exponent: exponent ?? 0,
    start: Float64Array.of(Number(starts)),
    duration: Uint32Array.of(covered),
    value: Float64Array.of(Number(total)),
  }
}

/** The days of columns that have readings, in order. */
export function splitByDay(columns: Columns, zone: string): Omit<DaySum, 'channel'>[] {
  const days: Omit<DaySum, 'channel'>[] = []
  for (let from = 0; from < columns.start.length;) {
    const moment = columns.start[from] ?? 0
    const to = positionOf(columns.start, addLocalDays(moment, 1, zone))
    days.push({ date: localDate(moment, zone), readings: to - from, total: exactSum(columns, from, to) })
    from = to
  }
  return days
}

function exactSum({ value, exponent }: Columns, from: number, to: number): Exact {
  return { digits: sumOf(value, from, to), exponent }
}

/** The sum of safe integers, exact also where it is none. */
export function sumOf(value: Float64Array, from: number, to: number): bigint {
  let sum = 0n
  let part = 0
  for (let at = from; at < to; at++) {
    const next = part + (value[at] ?? 0)
    if (Number.isSafeInteger(next)) {
      part = next
      continue
    }
    sum += BigInt(part)
    part = value[at] ?? 0
  }
  return sum + BigInt(part)
}
