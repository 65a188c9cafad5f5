import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { monthStart } from '../units/local-days.ts'
import { ByteWriter } from './bytes.ts'
import { spansOf } from './coverage.ts'
import { overlaps } from './count-once.ts'
import type { Tx } from './db.ts'
import { withoutEmpty } from './merge-columns.ts'
import { type Columns, encodeTail } from './series-block.ts'
import { type BlockKey, openFrom, positionsOf } from './series-rows.ts'
import { sumOf } from './series-sums.ts'
import { TOLD_LIMIT } from './series-told.ts'
import { covered, whyNot } from './write-gate.ts'

/** A day of five minutes; more is packed at once. */
const READINGS_LIMIT = 300

/**
 * Whether what is told of a month may be put behind what is stored, where it begins after that: a day or so, none of its readings over
 * another one, and not the end of the month, with which the month is packed.
 */
export function mayFollow({ month, columns }: { month: number; columns: Columns }, zone: string): boolean {
  const { start, duration } = columns
  if (start.length === 0 || start.length > READINGS_LIMIT || overlaps(columns)) return false
  return (start.at(-1) ?? 0) + (duration.at(-1) ?? 0) < monthStart(month + 1, zone)
}

/** Readings of one feed that follow all of their block, which came from so many feeds before. */
export type Following = BlockKey & { columns: Columns; hash: Buffer; sources: number }

/**
 * Puts readings behind those of their blocks, with the same result as merging them: the month is neither read nor packed. In: what
 * findBlocks says follows, in this transaction, after the write gate. Throws ConsentEnded.
 */
export async function appendToBlocks(
  tx: Tx,
  authorizationUid: Uid,
  following: readonly Following[],
  { source, now }: { source: Uid; now: Date },
): Promise<void> {
  if (following.length === 0) return
  const rows = following.map(toRow)
  const all = Buffer.concat(rows.flatMap(({ block, lineage }) => [block, lineage]))
  const column = <Name extends keyof Row>(name: Name) => rows.map((row) => row[name])
  const { numAffectedRows } = await sql`
    update series_blocks b
       set tail = coalesce(b.tail, '') || substring(${all}::bytea from n.at for n.size),
           lineage = b.lineage || substring(${all}::bytea from n.at + n.size for n.lineage_size),
           sources = b.sources || ${source}::bigint, readings = b.readings + n.readings, total = b.total + n.total,
           spans = case when b.ends = n.starts then b.spans[:cardinality(b.spans) - 1] || (n.spans::bigint[])[2:]
                        else b.spans || n.spans::bigint[] end,
           told = (b.told || n.hash)[greatest(1, cardinality(b.told) + 2 - ${TOLD_LIMIT}::int):],
           ends = n.ends, open_from = n.open_from, updated = ${now}
      from authorizations a,
           unnest(${column('meterUid')}::bigint[], ${column('channel')}::text[], ${column('month')}::int[],
             ${positionsOf(rows)}::int[], ${rows.map(({ block }) => block.length)}::int[],
             ${rows.map(({ lineage }) => lineage.length)}::int[], ${column('readings')}::int[], ${column('starts')}::bigint[],
             ${column('ends')}::bigint[], ${column('openFrom')}::bigint[], ${column('spans')}::text[],
             ${column('total')}::numeric[], ${column('hash')}::bytea[])
             as n (meter_uid, channel, month, at, size, lineage_size, readings, starts, ends, open_from, spans, total, hash)
     where ${covered(authorizationUid, 'intervals', now)} and n.starts >= extract(epoch from a.history_start)
       and b.authorization_uid = a.authorization_uid and b.meter_uid = n.meter_uid and b.channel = n.channel
       and b.month = n.month`.execute(tx)
  if (Number(numAffectedRows) !== rows.length) throw await whyNot(tx, authorizationUid, { classes: ['intervals'], now })
}

type Row = ReturnType<typeof toRow>

function toRow({ meterUid, channel, month, columns, hash, sources }: Following) {
  const { start, duration, value } = columns
  const spans = spansOf(start, duration)
  const starts = start[0] ?? 0
  const ends = spans.at(-1)?.[1] ?? starts
  const run = new ByteWriter() // storage/lineage.ts: of the feed that comes last
  run.varint(sources)
  run.varint(start.length)
  return {
    ...{ meterUid, channel, month, hash, starts, ends },
    block: encodeTail(withoutEmpty(columns)),
    lineage: Buffer.from(run.finish()),
    readings: start.length,
    openFrom: openFrom(start, ends),
    spans: `{${spans.join(',')}}`,
    total: String(sumOf(value, 0, value.length)),
  }
}
