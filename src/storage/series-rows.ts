import { setImmediate as nextTurn } from 'node:timers/promises'

import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import { bytesOf, type PackedBeneath, type PackedBlock, unpackBlock } from './beneath.ts'
import { spansOf } from './coverage.ts'
import type { Tx } from './db.ts'
import { encodeLineage } from './lineage.ts'
import type { Layers } from './merge-layers.ts'
import { encodeBlock } from './series-block.ts'
import { sumOf } from './series-sums.ts'
import { covered, whyNot } from './write-gate.ts'

/** One row of series_blocks, below its authorization. */
export type BlockKey = { meterUid: Uid; channel: string; month: number }

/** A stored block; told: hashes of what it was merged from; reach: where its last reading ends, if after its month. */
export type KnownBlock = { sourced: Layers; told: Buffer[]; reach: number | null }

/** isChanged: a reading was replaced, so that the version grows. hasBeneath: saveBeneath is due, too. */
export type ToSave = BlockKey & KnownBlock & { isChanged: boolean; isNew: boolean; hasBeneath: boolean }

/**
 * The blocks of some keys, in order: null where there is none, 'told' where it was told exactly this before (`hash`), so
 * that it is not even read.
 */
export async function findBlocks(
  tx: Tx,
  authorizationUid: Uid,
  keys: readonly (BlockKey & { hash: Buffer })[],
): Promise<(KnownBlock | 'told' | null)[]> {
  const found: (KnownBlock | 'told' | null)[] = keys.map(() => null)
  if (keys.length === 0) return found
  const { rows } = await sql<
    PackedBeneath &
      Omit<PackedBlock, 'block' | 'lineage'> & { place: number; block: Buffer | null; lineage: Buffer | null }
  >`
    select n.place::int as place, b.told, b.sources, b.reach, b.beneath_sources as "beneathSources",
           case when not n.hash = any(b.told) then b.beneath end as beneath,
           case when not n.hash = any(b.told) then b.block end as block,
           case when not n.hash = any(b.told) then b.lineage end as lineage
      from unnest(${keys.map(({ meterUid }) => meterUid)}::bigint[], ${keys.map(({ channel }) => channel)}::text[],
             ${keys.map(({ month }) => month)}::int[], ${keys.map(({ hash }) => hash)}::bytea[])
             with ordinality as n (meter_uid, channel, month, hash, place)
      join series_blocks b on b.meter_uid = n.meter_uid and b.channel = n.channel and b.month = n.month
     where b.authorization_uid = ${authorizationUid}`.execute(tx)
  for (const { place, block, lineage, ...row } of rows)
    found[place - 1] = block === null || lineage === null ? 'told' : unpackBlock({ ...row, block, lineage })
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
      starts, ends, spans, sources, version, created, updated, told, exponent, total)
    select a.authorization_uid, n.meter_uid, n.channel, n.month, a.company_uid,
           substring(${all}::bytea from n.at for n.size), substring(${all}::bytea from n.at + n.size for n.lineage_size),
           n.readings, n.starts, n.ends, n.spans::bigint[], n.sources::bigint[], n.version_step, ${now}, ${now},
           n.told::bytea[], n.exponent, n.total
      from authorizations a,
           unnest(${column('meterUid')}::bigint[], ${column('channel')}::text[], ${column('month')}::int[],
             ${positionsOf(rows)}::int[], ${rows.map(({ block }) => block.length)}::int[],
             ${rows.map(({ lineage }) => lineage.length)}::int[], ${column('readings')}::int[], ${column('starts')}::bigint[],
             ${column('ends')}::bigint[], ${column('spans')}::text[], ${column('sources')}::text[],
             ${column('versionStep')}::int[], ${column('told')}::text[], ${column('exponent')}::smallint[],
             ${column('total')}::numeric[])
             as n (meter_uid, channel, month, at, size, lineage_size, readings, starts, ends, spans, sources, version_step,
                   told, exponent, total)
     where ${covered(authorizationUid, 'intervals', now)} and n.starts >= extract(epoch from a.history_start)
    on conflict (authorization_uid, meter_uid, channel, month) do update
       set block = excluded.block, lineage = excluded.lineage, readings = excluded.readings, starts = excluded.starts,
           ends = excluded.ends, spans = excluded.spans, sources = excluded.sources, told = excluded.told,
           exponent = excluded.exponent, total = excluded.total, updated = excluded.updated,
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
function toRow({ meterUid, channel, month, sourced: { columns, source, beneath }, told, isChanged }: ToSave) {
  const { sources, lineage } = encodeLineage(source)
  const spans = spansOf(columns.start, columns.duration)
  const starts = columns.start[0] ?? beneath?.columns.start[0] ?? 0 // all of it may be beneath
  return {
    meterUid,
    channel,
    month,
    block: encodeBlock(columns),
    lineage,
    readings: columns.start.length,
    starts,
    ends: spans.at(-1)?.[1] ?? starts,
    spans: `{${spans.join(',')}}`,
    sources: `{${sources.join(',')}}`,
    versionStep: isChanged ? 2 : 1,
    told: bytesOf(told),
    exponent: columns.exponent,
    total: String(sumOf(columns.value, 0, columns.value.length)),
  }
}

/** Where each row's bytes begin, counted from 1 as SQL does. */
function positionsOf(rows: readonly { block: Buffer; lineage: Buffer }[]): number[] {
  let at = 1
  return rows.map(({ block, lineage }) => {
    const here = at
    at += block.length + lineage.length
    return here
  })
}
