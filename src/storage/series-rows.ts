import { setImmediate as nextTurn } from 'node:timers/promises'

import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { bytesOf, type PackedBeneath, type PackedBlock, unpackBlock } from './beneath.ts'
import { spansOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { encodeLineage } from './lineage.ts'
import type { Layers } from './merge-layers.ts'
import { type Columns, encodeBlock } from './series-block.ts'
import { BLOCK } from './series-channel.ts'
import { sumOf } from './series-sums.ts'
import { covered, whyNot } from './write-gate.ts'

/** One row of series_blocks, below its authorization. */
export type BlockKey = { meterUid: Uid; channel: string; month: number }

/**
 * A tail is kept until it has so many bytes, by meters 448 of them fewer, so that not all months are packed on one day. The row lies in
 * its page with it, up to 2,032 bytes.
 */
const TAIL_LIMIT = sql.raw('1000 - (hashint8(b.meter_uid) & 7) * 64')

/** A stored block; told: hashes of what it was merged from; reach: where its last reading ends, if after its month. */
export type KnownBlock = { sourced: Layers; told: Buffer[]; reach: number | null }

/** isChanged: a reading was replaced, so that the version grows. hasBeneath: saveBeneath is due, too. */
export type ToSave = BlockKey & KnownBlock & { isChanged: boolean; isNew: boolean; hasBeneath: boolean }

/** The hash of what is told of a block; follows: whether it may be put behind what is there (mayFollow). */
export type ToldBlock = BlockKey & { columns: Columns; hash: Buffer; follows: boolean }

/** sources: how many feeds a block came from, where what is told of it follows it. */
export type Found = KnownBlock | { sources: number } | 'told' | null

/**
 * The blocks of some keys, in order: null where there is none, 'told' where it was told exactly this before. Neither of
 * that nor of what is only to be followed the readings are read.
 */
export async function findBlocks(
  tx: Tx,
  authorizationUid: Uid,
  keys: readonly ToldBlock[],
  source: Uid,
): Promise<Found[]> {
  const found: Found[] = keys.map(() => null)
  if (keys.length === 0) return found
  const { rows } = await sql<
    { place: number; follows: number | null } & ({ told: null } | (PackedBlock & PackedBeneath))
  >`
    select n.place::int as place, case when o.follows then cardinality(b.sources) end as follows, r.*
      from unnest(${keys.map(({ meterUid }) => meterUid)}::bigint[], ${keys.map(({ channel }) => channel)}::text[],
             ${keys.map(({ month }) => month)}::int[], ${keys.map(({ hash }) => hash)}::bytea[],
             ${keys.map(({ follows, columns }) => (follows ? (columns.start[0] ?? null) : null))}::bigint[],
             ${keys.map(({ columns }) => columns.exponent)}::smallint[])
             with ordinality as n (meter_uid, channel, month, hash, starts, exponent, place)
      join series_blocks b on b.meter_uid = n.meter_uid and b.channel = n.channel and b.month = n.month
     cross join lateral (select not n.hash = any(b.told) as other) t
     cross join lateral (
       select t.other and coalesce(n.starts >= b.open_from and n.exponent = b.exponent
              and b.sources[cardinality(b.sources)] < ${source} and coalesce(length(b.tail), 0) < ${TAIL_LIMIT}, false) as follows) o
      left join lateral (
       select b.told, ${BLOCK} as block, b.lineage, b.sources, b.reach, b.beneath, b.beneath_sources as "beneathSources"
        where t.other and not o.follows) r on true
     where b.authorization_uid = ${authorizationUid}`.execute(tx)
  for (const { place, follows, ...row } of rows) {
    if (follows !== null) found[place - 1] = { sources: follows }
    else found[place - 1] = row.told === null ? 'told' : unpackBlock(row)
  }
  return found
}

/**
 * Writes blocks in one statement. Throws ConsentEnded when consent does not cover them, or a reading lies before its history.
 * The packed bytes of all blocks travel as one value, which is cut in the database: an array of them would travel as text.
 */
export async function saveBlocks(tx: Tx, authorizationUid: Uid, rows: readonly BlockRow[], now: Date): Promise<void> {
  if (rows.length === 0) return
  const all = Buffer.concat(rows.flatMap(({ block, lineage }) => [block, lineage]))
  const column = <Name extends keyof BlockRow>(name: Name) => rows.map((row) => row[name])
  const { numAffectedRows } = await sql`
    insert into series_blocks (authorization_uid, meter_uid, channel, month, company_uid, block, lineage, readings,
      starts, ends, spans, sources, version, created, updated, told, exponent, total, open_from)
    select a.authorization_uid, n.meter_uid, n.channel, n.month, a.company_uid,
           substring(${all}::bytea from n.at for n.size), substring(${all}::bytea from n.at + n.size for n.lineage_size),
           n.readings, n.starts, n.ends, n.spans::bigint[], n.sources::bigint[], n.version_step, ${now}, ${now},
           n.told::bytea[], n.exponent, n.total, n.open_from
      from authorizations a,
           unnest(${column('meterUid')}::bigint[], ${column('channel')}::text[], ${column('month')}::int[],
             ${positionsOf(rows)}::int[], ${rows.map(({ block }) => block.length)}::int[],
             ${rows.map(({ lineage }) => lineage.length)}::int[], ${column('readings')}::int[], ${column('starts')}::bigint[],
             ${column('ends')}::bigint[], ${column('spans')}::text[], ${column('sources')}::text[],
             ${column('versionStep')}::int[], ${column('told')}::text[], ${column('exponent')}::smallint[],
             ${column('total')}::numeric[], ${column('openFrom')}::bigint[])
             as n (meter_uid, channel, month, at, size, lineage_size, readings, starts, ends, spans, sources, version_step,
                   told, exponent, total, open_from)
     where ${covered(authorizationUid, 'intervals', now)} and n.starts >= extract(epoch from a.history_start)
    on conflict (authorization_uid, meter_uid, channel, month) do update
       set block = excluded.block, lineage = excluded.lineage, readings = excluded.readings, starts = excluded.starts,
           ends = excluded.ends, spans = excluded.spans, sources = excluded.sources, told = excluded.told,
           exponent = excluded.exponent, total = excluded.total, updated = excluded.updated, tail = null,
           open_from = excluded.open_from,
           version = series_blocks.version + excluded.version - 1`.execute(tx)
  if (Number(numAffectedRows) !== rows.length) throw await whyNot(tx, authorizationUid, { classes: ['intervals'], now })
}

/** So many readings are packed before other work gets its turn: some milliseconds. */
const READINGS_A_TURN = 50_000

/** Blocks as saveBlocks writes them. */
export async function packBlocks(blocks: readonly ToSave[]): Promise<BlockRow[]> {
  const rows: BlockRow[] = []
  let readings = 0
  for (const block of blocks) {
    readings += block.sourced.source.length
    if (readings > READINGS_A_TURN) {
      await nextTurn()
      readings = 0
    }
    rows.push(toRow(block))
  }
  return rows
}

type BlockRow = ReturnType<typeof toRow>

/** A first version is 1; a later one is 2 - 1 more where a reading was replaced, 1 - 1 where not. */
function toRow({ meterUid, channel, month, sourced: { columns, source, beneath }, told, reach, isChanged }: ToSave) {
  const { sources, lineage } = encodeLineage(source)
  const spans = spansOf(columns.start, columns.duration)
  const starts = columns.start[0] ?? beneath?.columns.start[0] ?? 0 // all of it may be beneath
  const ends = spans.at(-1)?.[1] ?? starts
  return {
    meterUid,
    channel,
    month,
    block: encodeBlock(columns),
    lineage,
    readings: columns.start.length,
    starts,
    ends,
    spans: `{${spans.join(',')}}`,
    sources: `{${sources.join(',')}}`,
    versionStep: isChanged ? 2 : 1,
    told: bytesOf(told),
    exponent: columns.exponent,
    total: String(sumOf(columns.value, 0, columns.value.length)),
    openFrom: beneath === null && reach === null ? openFrom(columns.start, ends) : null,
  }
}

/** From when on readings only follow those up to `ends`; one without a length is a moment. Null: there are none. */
export function openFrom(start: Float64Array, ends: number): number | null {
  const last = start.at(-1)
  return last === undefined ? null : Math.max(ends, last + 1)
}

/** Where each row's bytes begin, counted from 1 as SQL does. */
export function positionsOf(rows: readonly { block: Buffer; lineage: Buffer }[]): number[] {
  let at = 1
  return rows.map(({ block, lineage }) => {
    const here = at
    at += block.length + lineage.length
    return here
  })
}
