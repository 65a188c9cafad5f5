import { QUALITY } from '../../model/series.ts'
import type { MonthBlock } from '../../storage/list-interval-blocks.ts'
import { type Batch, column, type ColumnSpec, type ColumnValues } from './table.ts'
import { apiUnit, quotientText } from './units.ts'

/** One row for each reading of each channel: docs/exports.md. */
export const INTERVAL_COLUMNS: readonly ColumnSpec[] = [
  column('meter_uid', 'text'),
  column('authorization_uid', 'text'),
  column('utility', 'text'),
  column('timezone', 'text'),
  column('commodity', 'text'),
  column('quantity', 'text'),
  column('direction', 'text'),
  column('part', 'text?'),
  column('start', 'moment'),
  column('end', 'moment'),
  column('value', 'double'),
  column('unit', 'text?'),
  column('quality', 'text?'),
  column('cost', 'double?'),
  column('currency', 'text?'),
  column('tou', 'int32?'),
]

export type Whose = { meterUid: string; authorizationUid: string; utility: string; zone: string }
type Span = { from: number | null; until: number | null }

/** The readings of one channel and month that lie in the span (epoch seconds, null: open), oldest first. */
export function renderIntervalBatch({ channel, columns }: MonthBlock, whose: Whose, span: Span): Batch {
  const { start, duration, value, quality, cost, tou, currency } = columns
  const rows = rowsWithin(columns, span)
  const scaled = scale(channel.unit, columns.exponent)
  const numbers = (of: (row: number) => number): Float64Array => {
    const list = new Float64Array(rows.length)
    for (let at = 0; at < rows.length; at++) list[at] = of(rows[at] ?? 0)
    return list
  }
  const costs = cost && Array.from(rows, (row) => costOf(cost[row] ?? Number.NaN))
  const values = [
    { same: whose.meterUid },
    { same: whose.authorizationUid },
    { same: whose.utility },
    { same: whose.zone },
    { same: channel.commodity },
    { same: channel.quantified },
    { same: channel.direction },
    { same: channel.part ?? null },
    numbers((row) => start[row] ?? 0),
    numbers((row) => (start[row] ?? 0) + (duration[row] ?? 0)),
    numbers((row) => scaled(value[row] ?? 0)),
    { same: apiUnit(channel.unit).name },
    qualitiesOf(rows, quality),
    costs ?? NOTHING,
    costs ? costs.map((one) => (one === null ? null : currency)) : NOTHING,
    tou ? Array.from(rows, (row) => tou[row] || null) : NOTHING,
  ]
  return { rows: rows.length, columns: values }
}

function rowsWithin({ start, duration }: MonthBlock['columns'], { from, until }: Span): Uint32Array {
  const rows = new Uint32Array(start.length)
  let count = 0
  for (let row = 0; row < start.length; row++) {
    const begins = start[row] ?? 0
    if ((from === null || begins >= from) && (until === null || begins + (duration[row] ?? 0) <= until))
      rows[count++] = row
  }
  return rows.subarray(0, count)
}

const NOTHING = { same: null }

/** Most months have one quality. */
function qualitiesOf(rows: Uint32Array, quality: Uint8Array): ColumnValues {
  const first = quality[rows[0] ?? 0] ?? 0
  if (rows.every((row) => quality[row] === first)) return { same: QUALITIES[first] ?? null }
  return Array.from(rows, (row) => QUALITIES[quality[row] ?? 0] ?? null)
}

const QUALITIES: Record<number, string> = Object.fromEntries(
  Object.entries(QUALITY).flatMap(([name, rank]) => (name === 'unknown' ? [] : [[rank, name]])),
)

/** Powers of ten up to here are exact in a double, so that one operation gives the double nearest to the exact number. */
const EXACT_POWER = 22

function scale(unit: Parameters<typeof apiUnit>[0], exponent: number): (value: number) => number {
  const { shift, divisor } = apiUnit(unit)
  if (divisor !== undefined) return (value) => Number(quotientText(value, exponent, divisor))
  const power = exponent + shift
  if (Math.abs(power) > EXACT_POWER) return (value) => Number(`${value}e${power}`)
  const factor = 10 ** Math.abs(power)
  return power < 0 ? (value) => value / factor : (value) => value * factor
}

function costOf(e5: number): number | null {
  return Number.isNaN(e5) ? null : e5 / 100_000
}
