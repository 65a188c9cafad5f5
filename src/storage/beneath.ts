import { sql } from 'kysely'

import type { Uid } from '../model/uid.ts'
import type { Tx } from './db.ts'
import { decodeLineage, encodeLineage } from './lineage.ts'
import { pickRows, type Sourced } from './merge-columns.ts'
import { allOf, type Layers } from './merge-layers.ts'
import { decodeBlock, encodeBlock } from './series-block.ts'
import { BLOCK } from './series-channel.ts'
import type { BlockKey, KnownBlock, ToSave } from './series-rows.ts'

/** So many lengths of one start are remembered, the shorter ones; a utility that tells more of them is at fault. */
const SHEETS = 16

/** Readings as they lie in a row: first their lineage, then blocks, in each of which a start comes once. */
export type PackedBeneath = { beneath: Buffer[] | null; beneathSources: string[] | null }

export function packBeneath(beneath: Sourced | null): PackedBeneath {
  if (beneath === null) return { beneath: null, beneathSources: null }
  const { start } = beneath.columns
  const sheetOf = new Uint8Array(start.length)
  for (let row = 1; row < start.length; row++)
    sheetOf[row] = start[row] === start[row - 1] ? Math.min((sheetOf[row - 1] ?? 0) + 1, SHEETS) : 0
  const sheets: Sourced[] = []
  for (let sheet = 0; sheet < SHEETS && sheetOf.includes(sheet); sheet++)
    sheets.push(pickRows(beneath, (row) => sheetOf[row] === sheet))
  const { sources, lineage } = encodeLineage(Float64Array.from(sheets.flatMap(({ source }) => [...source])))
  return {
    beneath: [lineage, ...sheets.map(({ columns }) => encodeBlock(columns))],
    beneathSources: sources.map(String),
  }
}

/** The inverse of packBeneath. */
export function unpackBeneath({ beneath, beneathSources }: PackedBeneath): Sourced | null {
  if (beneath === null || beneathSources === null) return null
  const [lineage = Buffer.of(), ...blocks] = beneath
  const sheets = blocks.map((block) => decodeBlock(block))
  const readings = sheets.reduce((sum, { start }) => sum + start.length, 0)
  const source = decodeLineage(beneathSources.map(Number), lineage, readings)
  let from = 0
  const sourced = sheets.map((columns) => ({ columns, source: source.subarray(from, (from += columns.start.length)) }))
  return sourced.reduce((all, sheet) => allOf({ ...all, beneath: sheet }))
}

/** The blocks of some meters with a reading that ends after its month; reach: where the last one ends. Few have any. */
export async function findReaching(
  tx: Tx,
  authorizationUid: Uid,
  meterUids: readonly Uid[],
): Promise<(BlockKey & { reach: number })[]> {
  if (meterUids.length === 0) return []
  const { rows } = await sql<BlockKey & { reach: string }>`
    select meter_uid as "meterUid", channel, month, reach from series_blocks
     where authorization_uid = ${authorizationUid} and meter_uid = any(${[...meterUids]}::bigint[])
       and reach is not null`.execute(tx)
  return rows.map((row) => ({ ...row, reach: Number(row.reach) }))
}

/** All blocks of a channel in some months, both included, oldest first. */
export async function readLayers(
  tx: Tx,
  authorizationUid: Uid,
  { meterUid, channel, from, to }: { meterUid: Uid; channel: string; from: number; to: number },
): Promise<(KnownBlock & { month: number })[]> {
  const { rows } = await sql<PackedBeneath & PackedBlock & { month: number }>`
    select month, ${PACKED} from series_blocks b
     where authorization_uid = ${authorizationUid} and meter_uid = ${meterUid} and channel = ${channel}
       and month between ${from} and ${to}
     order by month`.execute(tx)
  return rows.map((row) => ({ month: row.month, ...unpackBlock(row) }))
}

const PACKED = sql`told, ${BLOCK} as block, lineage, sources, beneath, beneath_sources as "beneathSources", reach`

export type PackedBlock = { told: Buffer[]; block: Buffer; lineage: Buffer; sources: string[]; reach: string | null }

export function unpackBlock({
  told,
  block,
  lineage,
  sources,
  reach,
  ...packed
}: PackedBlock & PackedBeneath): KnownBlock {
  const columns = decodeBlock(block)
  const source = decodeLineage(sources.map(Number), lineage, columns.start.length)
  const layers: Layers = { columns, source, beneath: unpackBeneath(packed) }
  return { sourced: layers, told, reach: reach === null ? null : Number(reach) }
}

/** Writes what lies beneath blocks that are there, how far they reach and what they were told; nothing that shows. */
export async function saveBeneath(tx: Tx, authorizationUid: Uid, blocks: readonly ToSave[]): Promise<void> {
  if (blocks.length === 0) return
  const packed = blocks.map(({ sourced }) => packBeneath(sourced.beneath))
  await sql`
    update series_blocks b set beneath = n.beneath::bytea[], beneath_sources = n.sources::bigint[], reach = n.reach,
           told = n.told::bytea[], open_from = null
      from unnest(${blocks.map(({ meterUid }) => meterUid)}::bigint[], ${blocks.map(({ channel }) => channel)}::text[],
             ${blocks.map(({ month }) => month)}::int[], ${packed.map(({ beneath }) => beneath && bytesOf(beneath))}::text[],
             ${packed.map(({ beneathSources }) => beneathSources && `{${beneathSources.join(',')}}`)}::text[],
             ${blocks.map(({ reach }) => reach)}::bigint[], ${blocks.map(({ told }) => bytesOf(told))}::text[])
             as n (meter_uid, channel, month, beneath, sources, reach, told)
     where b.authorization_uid = ${authorizationUid} and b.meter_uid = n.meter_uid and b.channel = n.channel
       and b.month = n.month`.execute(tx)
}

/** An array of bytes as text, for an array of such arrays. */
export function bytesOf(all: readonly Buffer[]): string {
  return `{${all.map((bytes) => String.raw`"\\x${bytes.toString('hex')}"`).join(',')}}`
}
