import { sql } from 'kysely'

import { type Channel, channelKey, type Series } from '../model/series.ts'
import type { Uid } from '../model/uid.ts'
import { monthOf, monthStart } from '../units/local-days.ts'
import { type Span, spansOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { touchIntervals, recountIntervals } from './intervals.ts'
import { decodeLineage, encodeLineage } from './lineage.ts'
import { mergeColumns, type Merged, positionOf, rescale, sliceColumns, type Sourced } from './merge-columns.ts'
import { type Columns, decodeBlock, encodeBlock } from './series-block.ts'
import { covered, enterWrite, whyNot } from './write-gate.ts'

export { gapsOf } from './coverage.ts'

/** added and changed count readings; outside counts those before the consent's history, which were dropped. */
export type SeriesMerge = { added: number; changed: number; outside: number }

/**
 * Stores the readings of one channel of one meter. `zone` is the utility's: blocks are its calendar months. `source` is
 * the raw feed; which reading stands is told in merge-columns.ts. Equal re-delivery changes nothing and counts 0.
 * Readings before the consent's history are dropped and counted. Throws ConsentEnded.
 */
export async function mergeSeries(
  tx: Tx,
  authorizationUid: Uid,
  meterUid: Uid,
  series: Series,
  { zone, source, now }: { zone: string; source: Uid; now: Date },
): Promise<SeriesMerge> {
  const { historyStart } = await enterWrite(tx, authorizationUid, { dataClass: 'intervals', now })
  const outside = positionOf(series.start, historyStart)
  const months = splitByMonth(sliceColumns(series, outside, series.start.length), zone)
  const key = { authorizationUid, meterUid, channel: channelKey(series.channel) }
  const known = await lockBlocks(tx, key, [...months.keys()])
  const result = { added: 0, changed: 0, outside }
  const touched: number[] = []
  for (const [month, columns] of months) {
    const merged = mergeColumns(known.get(month) ?? EMPTY, columns, Number(source))
    if (merged.isSame) continue
    await saveBlock(tx, { ...key, month }, merged, now)
    result.added += merged.added
    result.changed += merged.changed
    if (merged.added + merged.changed > 0) touched.push(month)
  }
  if (touched.length > 0) {
    await touchIntervals(tx, authorizationUid, meterUid, { months: touched, now })
    await recountIntervals(tx, authorizationUid, meterUid, now)
  }
  return result
}

const EMPTY: Sourced = {
  columns: {
    exponent: Infinity,
    start: new Float64Array(),
    duration: new Uint32Array(),
    value: new Float64Array(),
    quality: new Uint8Array(),
    cost: null,
    tou: null,
    currency: null,
  },
  source: new Float64Array(),
}

function splitByMonth(columns: Columns, zone: string): Map<number, Columns> {
  const months = new Map<number, Columns>()
  for (let from = 0; from < columns.start.length;) {
    const month = monthOf(columns.start[from] ?? 0, zone)
    const to = positionOf(columns.start, monthStart(month + 1, zone))
    months.set(month, sliceColumns(columns, from, to))
    from = to
  }
  return months
}

type SeriesKey = { authorizationUid: Uid; meterUid: Uid; channel: string }

async function lockBlocks(
  tx: Tx,
  { authorizationUid, meterUid, channel }: SeriesKey,
  months: number[],
): Promise<Map<number, Sourced>> {
  const { rows } = await sql<{ month: number; block: Buffer; lineage: Buffer; sources: string[] }>`
    select month, block, lineage, sources from series_blocks
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid} and channel = ${channel}
       and month = any(${months}::int[])
       for update`.execute(tx)
  return new Map(
    rows.map(({ month, block, lineage, sources }) => {
      const columns = decodeBlock(block)
      return [month, { columns, source: decodeLineage(sources.map(Number), lineage, columns.start.length) }]
    }),
  )
}

/** The version grows when a reading was replaced; `updated` moves when one was added or replaced. */
async function saveBlock(
  tx: Tx,
  { authorizationUid, meterUid, channel, month }: SeriesKey & { month: number },
  { columns, source, added, changed }: Merged,
  now: Date,
): Promise<void> {
  const { sources, lineage } = encodeLineage(source)
  const spans = spansOf(columns.start, columns.duration)
  const first = columns.start[0] ?? 0
  const { numAffectedRows } = await sql`
    insert into series_blocks (authorization_uid, meter_uid, channel, month, company_uid, block, lineage, readings,
      starts, ends, spans, sources, created, updated)
    select a.authorization_uid, ${meterUid}::bigint, ${channel}, ${month}::int, a.company_uid, ${encodeBlock(columns)}::bytea,
           ${lineage}::bytea, ${columns.start.length}::int, ${first}::bigint, ${spans.at(-1)?.[1] ?? first}::bigint,
           ${spans.flat()}::bigint[], ${sources}::bigint[], ${now}, ${now}
      from authorizations a
     where ${covered(authorizationUid, 'intervals', now)} and ${first} >= extract(epoch from a.history_start)
    on conflict (authorization_uid, meter_uid, channel, month) do update
       set block = excluded.block, lineage = excluded.lineage, readings = excluded.readings, starts = excluded.starts,
           ends = excluded.ends, spans = excluded.spans, sources = excluded.sources,
           version = series_blocks.version + ${changed > 0 ? 1 : 0}::int,
           updated = case when ${added + changed > 0} then excluded.updated else series_blocks.updated end`.execute(tx)
  if (numAffectedRows !== 1n) throw await whyNot(tx, authorizationUid, { classes: ['intervals'], now })
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
    select ${CHANNEL}, month, block, spans, version, sources, created, updated from series_blocks
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid}
       and starts < ${to} and ends > ${from} and month >= ${sinceMonth} and month < ${untilMonth}
     order by channel, month`.execute(tx)
  return rows.map(({ commodity, direction, quantified, unit, part, block, spans, ...row }) => ({
    ...row,
    channel: { commodity, direction, quantified, unit, ...(part === null ? {} : { part }) },
    columns: decodeBlock(block),
    spans: pairsOf(spans),
  }))
}

/** The inverse of channelKey. */
const CHANNEL = sql.raw(
  `split_part(channel, '/', 1) as commodity, split_part(channel, '/', 2) as direction,
   split_part(channel, '/', 3) as quantified, split_part(channel, '/', 4) as unit,
   substring(channel, '^(?:[^/]*/){4}(.*)$') as part`,
)

type Period = { from?: number; to?: number }
type Months = { sinceMonth?: number; untilMonth?: number }
type Row = Omit<StoredBlock, 'channel' | 'columns' | 'spans'> &
  Omit<Channel, 'part'> & { part: string | null; block: Buffer; spans: string[] }

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

/** One set of columns from several that follow each other, at their smallest exponent. */
export function joinColumns(parts: readonly Columns[]): Columns {
  const [only] = parts
  if (only && parts.length === 1) return only
  const exponent = Math.min(...parts.map((part) => part.exponent))
  const readings = parts.reduce((sum, { start }) => sum + start.length, 0)
  const joined = {
    exponent,
    start: new Float64Array(readings),
    duration: new Uint32Array(readings),
    value: new Float64Array(readings),
    quality: new Uint8Array(readings),
    cost: parts.some(({ cost }) => cost) ? new Float64Array(readings).fill(Number.NaN) : null,
    tou: parts.some(({ tou }) => tou) ? new Uint8Array(readings) : null,
    currency: parts.findLast(({ currency }) => currency !== null)?.currency ?? null,
  }
  let at = 0
  for (const part of parts) {
    joined.start.set(part.start, at)
    joined.duration.set(part.duration, at)
    joined.value.set(rescale(part.value, part.exponent - exponent), at)
    joined.quality.set(part.quality, at)
    if (part.cost) joined.cost?.set(part.cost, at)
    if (part.tou) joined.tou?.set(part.tou, at)
    at += part.start.length
  }
  return joined
}

/** start, end, start, end, … as pairs. */
function pairsOf(flat: readonly string[]): Span[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [Number(flat[2 * at]), Number(flat[2 * at + 1])])
}
